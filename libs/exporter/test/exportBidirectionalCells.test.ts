import { tensor } from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { input, layers, model } from '@tensorflow/tfjs-layers';
import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { exportModel } from '../src/index.ts';
import { difference, floats, LoadedModel } from './support/onnxRuntime.ts';
import { artifactsOf, randomizeWeights } from './support/tfjsModel.ts';

/** float32 sums of some terms in another order over 5 samples, values below 1; measured up to 2e-7. */
const ATOL = 1e-5;

describe('exportModel of Bidirectional around stacked cells', () => {
  // TensorFlow.js's Bidirectional cannot be built around an RNN layer (wrappers.ts takes its options apart twice): Keras's can.
  it.each([false, true])('gives the values of two layers side by side, masked: %s', async (masked) => {
    const cells = (): unknown => [layers.lstmCell({ units: 2 }), layers.gruCell({ units: 3 })];
    const x = input({ shape: [null, 2], name: 'x' });
    const given = masked ? (layers.masking({ name: 'mask' }).apply(x) as SymbolicTensor) : x;
    const options = { returnSequences: false };
    const forward = layers.rnn({ ...options, cell: cells() as never, name: 'f' }).apply(given);
    const backward = layers
      .rnn({ ...options, cell: cells() as never, goBackwards: true, name: 'b' })
      .apply(given);
    const both = layers.concatenate({ name: 'both' }).apply([forward, backward] as SymbolicTensor[]);
    const net = model({ inputs: x, outputs: both as SymbolicTensor });
    randomizeWeights(net, 5);
    const { modelTopology, weightSpecs = [], weightData } = await artifactsOf(net);
    const whole = modelTopology as { config: { layers: { name: string; config: object }[] } };
    const inner = whole.config.layers.find(({ name }) => name === 'f')?.config ?? {};
    const inputLayer = whole.config.layers.find(({ name }) => name === 'x');
    const chain = [
      { class_name: 'InputLayer', ...inputLayer },
      ...(masked ? [{ class_name: 'Masking', config: { name: 'mask', mask_value: 0 } }] : []),
      {
        class_name: 'Bidirectional',
        config: {
          name: 'two',
          merge_mode: 'concat',
          layer: { class_name: 'RNN', config: { ...inner, name: 'r' } },
        },
      },
    ];
    const { model: exported } = exportModel(
      {
        modelTopology: { class_name: 'Sequential', config: { name: 'm', layers: chain } },
        weightSpecs: weightSpecs.map((entry) => ({
          ...entry,
          name: entry.name.replace(/^f\//, 'two/forward_r/').replace(/^b\//, 'two/backward_r/'),
        })),
        weightData: weightData ?? new ArrayBuffer(0),
      },
      { producerVersion: '0.1.0' },
    );
    expect(exported.graph.nodes.filter(({ op }) => op === 'LSTM' || op === 'GRU')).toHaveLength(4);
    const values = Float32Array.from({ length: 20 }, (_, index) => (index % 8 < 3 ? 0 : Math.sin(index)));
    const expected = net.predict(tensor(values, [2, 5, 2])) as Tensor;
    const { two } = await (await LoadedModel.of(exported)).run({ x: floats([2, 5, 2], values) });
    expect([...two.dims]).toEqual(expected.shape);
    expect(difference(two.data, expected.dataSync())).toBeLessThan(ATOL);
  });
});
