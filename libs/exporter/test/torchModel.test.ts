import { readFileSync } from 'node:fs';
import { ModelError } from '@onda/contract';
import { describe, expect, it } from 'vitest';
import { exportModel, exportNet, isOndaNet, readTorchFile, UnsupportedError } from '../src/index.ts';
import { interpretModel } from '../src/testing/index.ts';
import { difference, floats, LoadedModel } from './support/onnxRuntime.ts';

/** float32 sums of some terms in another order, values below 1; measured up to 2e-7. */
const ATOL = 1e-6;

interface Case {
  readonly x: number[];
  readonly y: number[];
  readonly outputs: number;
}

/** PyTorch 2.15's files and outputs: scripts/makeTorchFiles.py. */
const read = (name: string): Uint8Array => readFileSync(new URL(`torch/${name}`, import.meta.url));
const cases = JSON.parse(new TextDecoder().decode(read('cases.json'))) as Record<string, Case>;
const nets = ['rnn', 'lstm', 'gru'];

/** A safetensors file of zeros. */
function stateDict(shapes: Readonly<Record<string, number[]>>, dtype = 'F32'): Uint8Array {
  let offset = 0;
  const header = Object.entries(shapes).map(([name, shape]) => {
    const start = offset;
    offset += 4 * shape.reduce((product, dim) => product * dim, 1);
    return [name, { dtype, shape, data_offsets: [start, offset] }];
  });
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const bytes = new Uint8Array(8 + text.length + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const lstm = (name: string, inputs: number, units: number): Record<string, number[]> => ({
  [`${name}.weight_ih_l0`]: [4 * units, inputs],
  [`${name}.weight_hh_l0`]: [4 * units, units],
  [`${name}.bias_ih_l0`]: [4 * units],
  [`${name}.bias_hh_l0`]: [4 * units],
});
const linear = (name: string, inputs: number, outputs: number): Record<string, number[]> => ({
  [`${name}.weight`]: [outputs, inputs],
  [`${name}.bias`]: [outputs],
});

describe(readTorchFile, () => {
  it.each(Object.keys(cases))('gives the values of PyTorch: %s', async (name) => {
    const nonlinearity = name === 'relu' ? 'relu' : 'tanh';
    const artifacts = await readTorchFile(read(`${name}.safetensors`), name, nonlinearity);
    const { x, y, outputs } = cases[name];
    const isNet = nets.includes(name);
    expect(isOndaNet(artifacts)).toBe(isNet);
    const { model } = exportModel(artifacts, { producerVersion: '0.1.0' });
    const session = await LoadedModel.of(model);
    const [[input], [output]] = [model.graph.inputs, model.graph.outputs];
    const result = (await session.run({ [input.name]: floats([2, 5, 2], x) }))[output.name];
    expect([...result.dims]).toEqual([2, 5, outputs]);
    expect(difference(result.data, y)).toBeLessThan(ATOL);
    if (isNet) {
      const scaler = { kind: 'none' as const, center: [0, 0], scale: [1, 1] };
      expect(exportNet(artifacts, { lag: 1, scaler }).model.graph.inputs.map((input) => input.name)).toEqual([
        'x',
        'state_in',
      ]);
      return;
    }
    const [value] = interpretModel(artifacts).run([{ shape: [2, 5, 2], data: Float64Array.from(x) }]);
    expect(difference(Float32Array.from(value.data), y)).toBeLessThan(ATOL);
  });

  it('puts the recurrent module first where several orders fit', async () => {
    const { modelTopology } = await readTorchFile(
      stateDict({ ...linear('a', 4, 3), ...lstm('b', 3, 4) }),
      'm',
    );
    const { config } = modelTopology as { config: { layers: { config: { name: string } }[] } };
    expect(config.layers.map((layer) => layer.config.name)).toEqual(['recurrent_0', 'readout']);
  });

  it('takes the order of modules from the numbers of nn.Sequential', async () => {
    const bytes = stateDict({ ...linear('2', 3, 3), ...lstm('0', 3, 3), ...linear('1', 3, 3) });
    const { modelTopology } = await readTorchFile(bytes, 'm');
    const { config } = modelTopology as { config: { layers: { config: { name: string } }[] } };
    expect(config.layers.map((layer) => layer.config.name)).toEqual(['x', '0_l0', '1', '2']);
  });

  const rejected: [string, Uint8Array, Error][] = [
    [
      'modules that fit in several orders',
      stateDict({ ...lstm('rnn', 3, 3), ...linear('a', 3, 3), ...linear('b', 3, 3) }),
      new UnsupportedError(
        'm: expected modules that fit each other in one order, got several orders of rnn (3 to 3), a (3 to 3), b (3 to 3); put them into an nn.Sequential, whose numbers give the order',
      ),
    ],
    [
      'other modules',
      stateDict({ ...lstm('rnn', 3, 3), 'norm.running_mean': [3] }),
      new UnsupportedError(
        'm: module "norm": expected the tensors of nn.RNN, nn.LSTM, nn.GRU or nn.Linear, got running_mean; export a model of these modules',
      ),
    ],
    [
      'a type that is the name of a property of every object',
      stateDict(lstm('rnn', 3, 3), 'constructor'),
      new ModelError(
        'm: "rnn.weight_ih_l0": expected floats with a shape, got constructor; the file is damaged or cut short, save the model again',
      ),
    ],
    [
      'a file cut short',
      stateDict(lstm('rnn', 3, 3)).slice(0, -4),
      new ModelError(
        'm: expected 48 bytes at 635, got a file of 679 bytes; the file is damaged or cut short, save the model again',
      ),
    ],
  ];
  it.each(rejected)('rejects %s', async (_what, bytes, error) => {
    await expect(readTorchFile(bytes, 'm')).rejects.toThrow(error);
  });
});
