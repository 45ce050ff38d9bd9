import { checkModel } from '@onda/onnx';
import { input, layers, model as tfModel } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { exportModel, exportNet } from '../src/index.ts';
import type { LayersArtifacts } from '../src/index.ts';
import { mulberry32, ondaNetArtifacts, randomWeights } from './support/ondaNetArtifacts.ts';
import type { Floats } from './support/onnxRuntime.ts';
import { difference, floats, LoadedModel } from './support/onnxRuntime.ts';
import { artifactsOf, randomizeWeights } from './support/tfjsModel.ts';

const options = { producerVersion: '0.1.0', stateful: true };

/** The same kernels on the same numbers; only the length of one product over a sequence differs. */
const PIECES_ATOL = 1e-6;

/** An LSTM, then a GRU beside a SimpleRNN: four states. */
async function branched(): Promise<LayersArtifacts> {
  const x = input({ shape: [null, 2], name: 'x' });
  const lstm = layers.lstm({ units: 3, returnSequences: true, name: 'lstm' }).apply(x);
  const gru = layers.gru({ units: 2, returnSequences: true, name: 'gru' }).apply(lstm);
  const rnn = layers.simpleRNN({ units: 4, returnSequences: true, name: 'rnn' }).apply(lstm);
  const model = tfModel({ inputs: x, outputs: [gru, rnn] as never });
  randomizeWeights(model, 3);
  return artifactsOf(model);
}

function sequence(time: number, features: number): Float32Array {
  const random = mulberry32(9);
  return Float32Array.from({ length: time * features }, () => 2 * random() - 1);
}

interface StateTensor {
  readonly input: string;
  readonly output: string;
  readonly size: number;
}

const zeros = (states: readonly StateTensor[]): Record<string, Floats> =>
  Object.fromEntries(
    states.map(({ input: name, size }) => [name, floats([1, size], new Float32Array(size))]),
  );

const handedOn = (states: readonly StateTensor[], results: Record<string, Floats>): Record<string, Floats> =>
  Object.fromEntries(states.map(({ input: before, output }) => [before, results[output]]));

describe('exportModel with separate states', () => {
  it('names each state by its place, sorted alike on both sides', async () => {
    const { model, state } = exportModel(await branched(), { ...options, states: 'separate' });
    expect(checkModel(model)).toEqual([]);
    expect(model.graph.inputs.map(({ name }) => name)).toEqual([
      'x',
      'state_in_00_h',
      'state_in_01_c',
      'state_in_02_h',
      'state_in_03_h',
    ]);
    expect(model.graph.outputs.map(({ name }) => name).slice(2)).toEqual([
      'state_out_00_h',
      'state_out_01_c',
      'state_out_02_h',
      'state_out_03_h',
    ]);
    expect(state).toMatchObject({
      packing: 'separate',
      size: 12,
      rows: [
        { layer: 'lstm', kind: 'h', offset: 0, size: 3, input: 'state_in_00_h', output: 'state_out_00_h' },
        { layer: 'lstm', kind: 'c', offset: 3 },
        { layer: 'gru', kind: 'h', offset: 6, size: 2 },
        { layer: 'rnn', kind: 'h', offset: 8, size: 4 },
      ],
    });
  });

  it('gives in pieces what the whole gives, and what the packed row gives', async () => {
    const artifacts = await branched();
    const separate = exportModel(artifacts, { ...options, states: 'separate' });
    const packed = exportModel(artifacts, options);
    const rows = separate.state?.rows as unknown as StateTensor[];
    const [time, cut] = [9, 4];
    const x = sequence(time, 2);
    const loaded = await LoadedModel.of(separate.model);
    const whole = await loaded.run({ x: floats([1, time, 2], x), ...zeros(rows) });
    const a = await loaded.run({ x: floats([1, cut, 2], x.subarray(0, cut * 2)), ...zeros(rows) });
    const b = await loaded.run({ x: floats([1, time - cut, 2], x.subarray(cut * 2)), ...handedOn(rows, a) });
    for (const name of ['gru', 'rnn']) {
      const pieces = Float32Array.from([...a[name].data, ...b[name].data]);
      expect(difference(pieces, whole[name].data)).toBeLessThan(PIECES_ATOL);
    }
    const row = await (
      await LoadedModel.of(packed.model)
    ).run({ x: floats([1, time, 2], x), state_in: floats([1, 12], new Float32Array(12)) });
    const joined = Float32Array.from(rows.flatMap(({ output }) => [...whole[output].data]));
    expect(difference(joined, row['state_out'].data)).toBe(0);
    expect(difference(whole['gru'].data, row['gru'].data)).toBe(0);
  });

  it('pads numbers so that ten and more sort numerically', () => {
    const spec = { cell: 'lstm', units: 2, layers: 52, features: 1, outputs: 1 } as const;
    const scaler = { kind: 'none', center: [0], scale: [1] } as const;
    const { state } = exportNet(ondaNetArtifacts(spec, randomWeights(spec, 1)), {
      lag: 1,
      scaler: { ...scaler, center: [0], scale: [1] },
      states: 'separate',
      producerVersion: '0.1.0',
    });
    const names = (state.rows as unknown as StateTensor[]).map(({ input: name }) => name);
    expect(names.at(-1)).toBe('state_in_103_c');
    expect(names.toSorted()).toEqual(names);
  });
});

describe('exportNet with separate states', () => {
  const scaler = { kind: 'standard' as const, center: [0.5], scale: [2] };

  it.each(['rnn', 'lstm', 'gru'] as const)(
    'runs %s and its generator as with the packed row',
    async (cell) => {
      const spec = { cell, units: 5, layers: 2, features: 1, outputs: 1 };
      const artifacts = ondaNetArtifacts(spec, randomWeights(spec, 2));
      const of = { lag: 1, scaler, producerVersion: '0.1.0' };
      const separate = exportNet(artifacts, { ...of, states: 'separate' });
      const packed = exportNet(artifacts, of);
      const rows = separate.state.rows as unknown as StateTensor[];
      const x = { x: floats([1, 6, 1], sequence(6, 1)) };
      const row = { state_in: floats([1, packed.state.size], new Float32Array(packed.state.size)) };
      for (const [one, other, more] of [
        [separate.model, packed.model, {}],
        [separate.generator, packed.generator, { samples: 20n }],
      ] as const) {
        expect(checkModel(one!)).toEqual([]);
        const a = await (await LoadedModel.of(one!)).run({ ...x, ...zeros(rows), ...more });
        const b = await (await LoadedModel.of(other!)).run({ ...x, ...row, ...more });
        expect(difference(a['y'].data, b['y'].data)).toBe(0);
        const joined = Float32Array.from(rows.flatMap(({ output }) => [...a[output].data]));
        expect(difference(joined, b['state_out'].data)).toBe(0);
      }
    },
  );
});
