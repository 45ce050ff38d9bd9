import { describe, expect, it } from 'vitest';
import type { NetSpec } from '../src/index.ts';
import { exportNet } from '../src/index.ts';
import { mulberry32, ondaNetArtifacts, randomWeights } from './support/ondaNetArtifacts.ts';
import { LoadedModel } from './support/onnxRuntime.ts';

/**
 * What the service's sequences stand on: from two rows on, ONNX Runtime's CPU kernels (one thread) give each row the same bits
 * however many rows run beside it, and however its samples are cut into runs. A single row uses another product.
 */
const ROWS = 1024;

const nets: readonly NetSpec[] = [
  { cell: 'rnn', units: 32, layers: 1, features: 1, outputs: 1 },
  { cell: 'rnn', units: 128, layers: 1, features: 4, outputs: 4 },
  { cell: 'lstm', units: 32, layers: 2, features: 1, outputs: 1 },
  { cell: 'lstm', units: 128, layers: 1, features: 4, outputs: 4 },
  { cell: 'gru', units: 51, layers: 2, features: 3, outputs: 3 },
  { cell: 'gru', units: 128, layers: 1, features: 1, outputs: 1 },
];

const rowsToTry = [
  2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 16, 31, 32, 33, 63, 100, 127, 129, 255, 256, 513, 1000,
];

interface Run {
  y: Float32Array;
  state: Float32Array;
}

describe.each(nets)('rows of $cell $units x $layers', (spec) => {
  const random = mulberry32(11);
  const values = (count: number): Float32Array =>
    Float32Array.from({ length: count }, () => 2 * random() - 1);
  const { features, outputs } = spec;
  const { model, state } = exportNet(ondaNetArtifacts(spec, randomWeights(spec, 5)), {
    lag: 1,
    scaler: { kind: 'none', center: Array<number>(features).fill(0), scale: Array<number>(features).fill(1) },
    producerVersion: '0.1.0',
  });
  const loaded = LoadedModel.of(model);

  async function run(x: Float32Array, states: Float32Array, rows: number, time: number): Promise<Run> {
    const results = await (
      await loaded
    ).run({
      x: { dims: [rows, time, features], data: x },
      state_in: { dims: [rows, state.size], data: states },
    });
    return { y: results.y.data, state: results.state_out.data };
  }

  it('have the same bits in runs of 2 rows and more', async () => {
    const x = values(ROWS * features);
    const states = values(ROWS * state.size);
    const all = await run(x, states, ROWS, 1);
    for (const rows of rowsToTry) {
      for (const from of [0, ROWS - rows]) {
        const part = await run(
          x.slice(from * features, (from + rows) * features),
          states.slice(from * state.size, (from + rows) * state.size),
          rows,
          1,
        );
        const same = [
          sameBits(part.y, all.y.subarray(from * outputs, (from + rows) * outputs)),
          sameBits(part.state, all.state.subarray(from * state.size, (from + rows) * state.size)),
        ];
        expect({ rows, from, same }).toEqual({ rows, from, same: [true, true] });
      }
    }
  });

  it('have the same bits in one run over the samples and in a run for each', async () => {
    const [rows, time] = [2, 20];
    const x = values(rows * time * features);
    const whole = await run(x, new Float32Array(rows * state.size), rows, time);
    let states = new Float32Array(rows * state.size);
    for (let sample = 0; sample < time; sample++) {
      const at = (row: number): number => (row * time + sample) * features;
      const one = Float32Array.from(
        Array.from({ length: rows }, (_, row) => [...x.slice(at(row), at(row) + features)]).flat(),
      );
      const step = await run(one, states, rows, 1);
      states = Float32Array.from(step.state);
      for (let row = 0; row < rows; row++) {
        const from = (row * time + sample) * outputs;
        const [got, expected] = [step.y.subarray(row * outputs, (row + 1) * outputs), whole.y.subarray(from)];
        expect(sameBits(got, expected.subarray(0, outputs))).toBe(true);
      }
    }
    expect(sameBits(states, whole.state)).toBe(true);
  });
});

/** By bytes: `toEqual` compares a hundred thousand values one by one, which takes minutes. */
function sameBits(left: Float32Array, right: Float32Array): boolean {
  const bytes = ({ buffer, byteOffset, byteLength }: Float32Array): Buffer =>
    Buffer.from(buffer, byteOffset, byteLength);
  return bytes(left).equals(bytes(right));
}
