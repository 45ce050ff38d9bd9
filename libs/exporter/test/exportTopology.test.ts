import { input, layers, model, sequential } from '@tensorflow/tfjs-layers';
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { compare, randomizeWeights } from './support/tfjsModel.ts';

/** float32 sums of some tens of terms in another order, relative to the largest value; measured up to 2e-6. */
const ATOL = 1e-5;

type Options = Parameters<typeof compare>[2];

async function check(
  net: LayersModel,
  open: readonly number[],
  options: Options = {},
): Promise<Awaited<ReturnType<typeof compare>>> {
  randomizeWeights(net, 3);
  const result = await compare(net, open, options);
  expect(result.difference).toBeLessThan(ATOL);
  return result;
}

const one = (value: SymbolicTensor | SymbolicTensor[]): SymbolicTensor =>
  Array.isArray(value) ? value[0] : value;

describe('exportModel of topologies', () => {
  const merges = {
    add: () => layers.add(),
    multiply: () => layers.multiply(),
    average: () => layers.average(),
    maximum: () => layers.maximum(),
    minimum: () => layers.minimum(),
    concatenate: () => layers.concatenate(),
    'concatenate in time': () => layers.concatenate({ axis: 1 }),
  };
  it.each(Object.entries(merges))('merges branches by %s, also recurrent ones', async (_name, merge) => {
    const x = input({ shape: [null, 3], name: 'x' });
    const a = one(layers.gru({ units: 3, returnSequences: true }).apply(x) as SymbolicTensor);
    const b = one(layers.lstm({ units: 3, returnSequences: true }).apply(x) as SymbolicTensor);
    const c = one(layers.dense({ units: 3 }).apply(x) as SymbolicTensor);
    for (const branches of [
      [a, b],
      [a, c],
      [a, b, c],
    ]) {
      await check(model({ inputs: x, outputs: merge().apply(branches) as SymbolicTensor }), [2, 4]);
    }
  });

  it('merges values of sizes that broadcast', async () => {
    const x = input({ shape: [4, 3], name: 'x' });
    const row = input({ shape: [1, 3], name: 'row' });
    await check(model({ inputs: [x, row], outputs: layers.add().apply([x, row]) as SymbolicTensor }), [2]);
  });

  it.each([
    [[3, 4], [3, 4], 2],
    [[3, 4], [5, 4], -1],
    [
      [3, 4],
      [4, 5],
      [2, 1],
    ],
    [[4, 3], [4, 5], 1],
    [[4], [4], 1],
    [[4], [4, 5], 1],
    [[5, 4], [4], [2, 1]],
  ] as [number[], number[], number | [number, number]][])(
    'takes products of %j and %j over %j',
    async (a, b, axes) => {
      const left = input({ shape: a, name: 'left' });
      const right = input({ shape: b, name: 'right' });
      const outputs = layers.dot({ axes: axes }).apply([left, right]) as SymbolicTensor;
      await check(model({ inputs: [left, right], outputs }), [2]);
    },
  );

  it('calls a shared layer twice with one set of weights', async () => {
    const left = input({ shape: [null, 2], name: 'left' });
    const right = input({ shape: [null, 2], name: 'right' });
    const shared = layers.lstm({ units: 3, name: 'shared' });
    const outputs = layers.concatenate().apply([shared.apply(left), shared.apply(right)] as SymbolicTensor[]);
    const { exported } = await check(
      model({ inputs: [left, right], outputs: outputs as SymbolicTensor }),
      [2, 4],
    );
    const { graph } = exported.model;
    expect(graph.initializers.filter(({ name }) => name.startsWith('shared/'))).toHaveLength(3);
    expect(graph.inputs.map(({ name, shape }) => [name, shape])).toEqual([
      ['left', ['batch', 'time', 2]],
      ['right', ['batch', 'right/time', 2]],
    ]);
  });

  it('keeps the names and order of inputs and outputs', async () => {
    const a = input({ shape: [2], name: 'a' });
    const b = input({ shape: [3], name: 'b' });
    const both = layers.concatenate({ name: 'both' }).apply([b, a]) as SymbolicTensor;
    const y = layers.dense({ units: 2, name: 'y' }).apply(both) as SymbolicTensor;
    const { exported } = await check(model({ inputs: [b, a], outputs: [y, both, a] }), [2]);
    expect(exported.model.graph.inputs.map(({ name }) => name)).toEqual(['b', 'a']);
    expect(exported.model.graph.outputs.map(({ name }) => name)).toEqual(['y', 'both', 'a:1']);
  });

  it('exports nested models', async () => {
    const inner = sequential({
      name: 'inner',
      layers: [layers.dense({ units: 3, inputShape: [null, 2], name: 'd' })],
    });
    const x = input({ shape: [null, 2], name: 'x' });
    const h = layers.gru({ units: 2, returnSequences: true, name: 'g' }).apply(inner.apply(x));
    const middle = model({
      inputs: x,
      outputs: [h as SymbolicTensor, layers.reLU({}).apply(h) as SymbolicTensor],
      name: 'middle',
    });
    const z = input({ shape: [null, 2], name: 'z' });
    const [p, q] = middle.apply(z) as SymbolicTensor[];
    const { exported } = await check(
      model({ inputs: z, outputs: layers.add({}).apply([p, q]) as SymbolicTensor }),
      [2, 4],
    );
    expect(exported.model.graph.nodes.map(({ name }) => name)).toContain('middle/inner/d');
    await check(sequential({ layers: [inner, layers.flatten({})].slice(0, 1) }), [2, 4]);
  });

  it('takes words', async () => {
    const net = sequential({
      layers: [
        layers.embedding({ inputDim: 11, outputDim: 4 }),
        layers.lstm({ units: 3 }),
        layers.dense({ units: 11, activation: 'softmax' }),
      ],
    });
    const { exported } = await check(net, [3, 5], { whole: 11 });
    expect(exported.model.graph.inputs[0].shape).toEqual(['batch', 'time']);
    const words = input({ shape: [null], dtype: 'int32', name: 'words' });
    const y = layers.embedding({ inputDim: 11, outputDim: 4 }).apply(words) as SymbolicTensor;
    const whole = await check(model({ inputs: words, outputs: y }), [3, 5], { whole: 11 }).catch(
      (error: unknown) => error,
    );
    // The graph takes whole numbers as they are; the comparison feeds floats, which it must refuse.
    expect(String(whole)).toContain('int32');
  });
});

/** The nets of the TensorFlow.js examples, with random weights. */
describe("exportModel of TensorFlow.js's own examples", () => {
  const kinds = ['simpleRNN', 'gru', 'lstm'] as const;
  it.each(kinds)('addition-rnn with %s', async (kind) => {
    const recurrent = (options: object): layers.Layer =>
      layers[kind]({ units: 32, recurrentInitializer: 'glorotNormal', ...options });
    const [digits, characters] = [2, 12];
    const net = sequential({
      layers: [
        recurrent({ inputShape: [2 * digits + 1, characters] }),
        layers.repeatVector({ n: digits + 1 }),
        recurrent({ returnSequences: true }),
        layers.timeDistributed({ layer: layers.dense({ units: characters }) }),
        layers.activation({ activation: 'softmax' }),
      ],
    });
    await check(net, [3]);
  });

  it('jena-weather: linear, multilayer perceptron, simple RNN and GRU with dropout', async () => {
    const inputShape = [24, 14];
    const head = layers.dense({ units: 1 });
    await check(sequential({ layers: [layers.flatten({ inputShape }), head] }), [3]);
    await check(
      sequential({
        layers: [
          layers.flatten({ inputShape }),
          layers.dense({ units: 32, activation: 'relu' }),
          layers.dropout({ rate: 0.25 }),
          layers.dense({ units: 1 }),
        ],
      }),
      [3],
    );
    await check(
      sequential({ layers: [layers.simpleRNN({ units: 32, inputShape }), layers.dense({ units: 1 })] }),
      [3],
    );
    const gru = layers.gru({ units: 32, inputShape, dropout: 0.1, recurrentDropout: 0.1 });
    await check(sequential({ layers: [gru, layers.dense({ units: 1 })] }), [3]);
  });

  it('lstm-text-generation with two layers', async () => {
    const [length, characters] = [10, 20];
    const net = sequential({
      layers: [
        layers.lstm({ units: 16, returnSequences: true, inputShape: [length, characters] }),
        layers.lstm({ units: 16 }),
        layers.dense({ units: characters, activation: 'softmax' }),
      ],
    });
    await check(net, [2]);
  });

  it('sentiment: convolution and LSTM', async () => {
    const cnn = sequential({
      layers: [
        layers.embedding({ inputDim: 50, outputDim: 8, inputLength: 12 }),
        layers.dropout({ rate: 0.5 }),
        layers.conv1d({ filters: 6, kernelSize: 5, strides: 1, padding: 'valid', activation: 'relu' }),
        layers.globalMaxPool1d({}),
        layers.dense({ units: 4, activation: 'relu' }),
        layers.dense({ units: 1, activation: 'sigmoid' }),
      ],
    });
    await check(cnn, [3], { whole: 50 });
    const lstm = sequential({
      layers: [
        layers.embedding({ inputDim: 50, outputDim: 8, inputLength: 12 }),
        layers.bidirectional({ layer: layers.lstm({ units: 4 }), mergeMode: 'concat' }),
        layers.dense({ units: 1, activation: 'sigmoid' }),
      ],
    });
    await check(lstm, [3], { whole: 50 });
  });

  it('date-conversion-attention: an encoder, a decoder that starts from its state, attention by Dot left out', async () => {
    const encoderInput = input({ shape: [12], name: 'encoder' });
    const decoderInput = input({ shape: [10], name: 'decoder' });
    const embed = (name: string, words: SymbolicTensor): SymbolicTensor =>
      layers.embedding({ inputDim: 35, outputDim: 8, name }).apply(words) as SymbolicTensor;
    const encoder = layers.lstm({ units: 6, returnSequences: true, returnState: true, name: 'encoderLSTM' });
    const [, h, c] = encoder.apply(embed('e', encoderInput)) as SymbolicTensor[];
    const decoder = layers.lstm({ units: 6, returnSequences: true, name: 'decoderLSTM' });
    const decoded = decoder.apply([embed('d', decoderInput), h, c]) as SymbolicTensor;
    const outputs = layers
      .timeDistributed({ layer: layers.dense({ units: 13, activation: 'softmax' }) })
      .apply(decoded) as SymbolicTensor;
    await check(model({ inputs: [encoderInput, decoderInput], outputs }), [2], { whole: 35 });
  });
});
