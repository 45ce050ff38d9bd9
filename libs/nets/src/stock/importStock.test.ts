import '@tensorflow/tfjs-backend-cpu';
import type { Tensor, Tensor3D } from '@tensorflow/tfjs-core';
import { memory, randomNormal, setBackend, tidy } from '@tensorflow/tfjs-core';
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { input, layers, model as functional, sequential } from '@tensorflow/tfjs-layers';
import { ModelError } from '@onda/contract';
import { beforeAll, describe, expect, it } from 'vitest';
import { importStock } from './importStock.ts';

/** float32 sums in two orders through up to 7 samples, values below 3. */
const ATOL = 1e-6;

beforeAll(async () => {
  await setBackend('cpu');
});

/** The default, orthogonal, calls methods that TensorFlow.js adds to tensors in its whole package alone. */
const recurrentInitializer = 'glorotUniform';
const biasInitializer = 'randomNormal';
const common = { recurrentInitializer, biasInitializer } as const;
const gates = { ...common, recurrentActivation: 'sigmoid' } as const;
const shape = [null, 2] as unknown as number[];

/** Runs both on the same sequences and compares every output. */
function expectSame(imported: LayersModel, stock: LayersModel, inputs: Tensor | Tensor[]): void {
  const outputs = (model: LayersModel): Tensor[] => [model.predict(inputs)].flat();
  tidy(() => {
    const expected = outputs(stock);
    outputs(imported).forEach((output, index) => {
      expect(output.shape).toEqual(expected[index].shape);
      const values = expected[index].dataSync();
      output.dataSync().forEach((value, at) => {
        expect(Math.abs(value - values[at])).toBeLessThan(ATOL);
      });
    });
  });
}

function classNames(model: LayersModel): string[] {
  return model.layers.map((layer) => layer.getClassName());
}

const x = (): Tensor3D => randomNormal<never>([4, 7, 2] as never, 0, 1, 'float32', 5);

describe(importStock, () => {
  const one: [name: string, layer: () => layers.Layer, className: string][] = [
    ['SimpleRNN', () => layers.simpleRNN({ ...common, units: 3, inputShape: shape }), 'OndaRNN'],
    [
      'SimpleRNN of relu',
      () => layers.simpleRNN({ ...common, units: 3, activation: 'relu', inputShape: shape }),
      'OndaRNN',
    ],
    ['LSTM', () => layers.lstm({ ...gates, units: 3, inputShape: shape }), 'OndaLSTM'],
    [
      'LSTM without bias',
      () => layers.lstm({ ...gates, units: 3, useBias: false, inputShape: shape }),
      'OndaLSTM',
    ],
    ['GRU', () => layers.gru({ ...gates, units: 3, inputShape: shape }), 'OndaGRU'],
    [
      'GRU that goes backwards',
      () => layers.gru({ ...gates, units: 3, goBackwards: true, returnSequences: true, inputShape: shape }),
      'OndaGRU',
    ],
    ...(['concat', 'sum', 'mul', 'ave'] as const).map((mergeMode): [string, () => layers.Layer, string] => [
      `Bidirectional, ${mergeMode}`,
      () =>
        layers.bidirectional({
          layer: layers.gru({ ...gates, units: 3, returnSequences: true }),
          mergeMode,
          inputShape: shape,
        }),
      'OndaBidirectional',
    ]),
  ];
  it.each(one)('predicts the same as a %s', async (_, layer, className) => {
    const stock = sequential({ layers: [layer(), layers.dense({ units: 2 })] });
    const imported = await importStock(stock);
    expect(classNames(imported)).toEqual([className, 'Dense']);
    expectSame(imported, stock, x());
  });

  it('takes stacked layers in a sequential model, a model inside among them', async () => {
    const inner = sequential({
      layers: [layers.gru({ ...gates, units: 3, returnSequences: true, inputShape: shape })],
    });
    const stock = sequential({
      layers: [
        inner,
        layers.dropout({ rate: 0.5 }),
        layers.bidirectional({ layer: layers.lstm({ ...gates, units: 2 }), mergeMode: 'concat' }),
        layers.dense({ units: 1 }),
      ],
    });
    const imported = await importStock(stock);
    expect(classNames(imported)).toEqual(['Sequential', 'Dropout', 'OndaBidirectional', 'Dense']);
    expectSame(imported, stock, x());
  });

  it('takes a functional model with states in and out, and a layer used twice', async () => {
    const a = input({ shape });
    const b = input({ shape });
    const h0 = input({ shape: [3] });
    const c0 = input({ shape: [3] });
    const lstm = layers.lstm({ ...gates, units: 3, returnState: true });
    const [first, h, c] = lstm.apply([a, h0, c0] as SymbolicTensor[]) as SymbolicTensor[];
    const [second] = lstm.apply([b, h, c]) as SymbolicTensor[];
    const outputs = layers.add().apply([first, second]) as SymbolicTensor;
    const stock = functional({ inputs: [a, b, h0, c0], outputs: [outputs, h, c] });
    const imported = await importStock(stock);
    expect(classNames(imported)).toContain('OndaLSTM');
    tidy(() => {
      expectSame(imported, stock, [x(), x(), randomNormal([4, 3]), randomNormal([4, 3])]);
    });
  });

  it('leaves the model as it is and no tensor but the copy behind', async () => {
    const stock = sequential({ layers: [layers.lstm({ ...gates, units: 3, inputShape: shape })] });
    const before = memory().numTensors;
    const imported = await importStock(stock);
    // Kernel, recurrent kernel and the two biases.
    expect(memory().numTensors).toBe(before + 4);
    imported.dispose();
    expect(memory().numTensors).toBe(before);
    tidy(() => {
      expect((stock.predict(x()) as Tensor).shape).toEqual([4, 3]);
    });
  });

  it('learns and is saved as any model', async () => {
    const stock = sequential({
      layers: [layers.gru({ ...gates, units: 3, inputShape: shape }), layers.dense({ units: 1 })],
    });
    const imported = await importStock(stock);
    imported.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
    const { history } = await imported.fit(x(), randomNormal([4, 1], 0, 1, 'float32', 6), { epochs: 4 });
    expect(history.loss[3]).toBeLessThan(history.loss[0] as number);
  });

  const has = "which is what Onda's layer has";
  const rejected: [name: string, given: () => layers.Layer[], message: string][] = [
    [
      'hard sigmoid gates, the default of an LSTM',
      () => [layers.lstm({ ...common, units: 2, name: 'a', inputShape: shape })],
      `layer "a": recurrentActivation: expected "sigmoid", ${has}, got "hardSigmoid"; train the model with that`,
    ],
    [
      'another activation of a GRU',
      () => [layers.gru({ ...gates, units: 2, activation: 'relu', name: 'a', inputShape: shape })],
      `layer "a": activation: expected "tanh", ${has}, got "relu"; train the model with that`,
    ],
    [
      'another activation of a SimpleRNN',
      () => [layers.simpleRNN({ ...common, units: 2, activation: 'elu', name: 'a', inputShape: shape })],
      `layer "a": activation: expected "tanh" or "relu", ${has}, got "elu"; train the model with that`,
    ],
    [
      'dropout inside of a layer',
      () => [layers.lstm({ ...gates, units: 2, dropout: 0.1, name: 'a', inputShape: shape })],
      `layer "a": dropout: expected 0, ${has}, got 0.1; train the model with that`,
    ],
    [
      'a state kept between batches',
      () => [layers.gru({ ...gates, units: 2, stateful: true, name: 'a', batchInputShape: [1, 3, 2] })],
      `layer "a": stateful: expected false, ${has}, got true; train the model with that`,
    ],
    [
      'a regularizer',
      () => [
        layers.gru({
          ...gates,
          units: 2,
          kernelRegularizer: 'l1l2',
          name: 'a',
          inputShape: shape,
        }),
      ],
      `layer "a": kernelRegularizer: expected none, ${has}, got "L1L2"; train the model with that`,
    ],
    [
      'a Bidirectional of what has no equal',
      () => [
        layers.bidirectional({
          layer: layers.lstm({ ...common, units: 2, name: 'inside' }),
          mergeMode: 'sum',
          inputShape: shape,
        }),
      ],
      `layer "inside": recurrentActivation: expected "sigmoid", ${has}, got "hardSigmoid"; train the model with that`,
    ],
    [
      'a mask',
      () => [layers.masking({ name: 'a', inputShape: shape }), layers.simpleRNN({ ...common, units: 2 })],
      'layer "a": Masking: expected no mask, which Onda\'s layers cannot follow; train the model on sequences of equal length without it',
    ],
    [
      'an embedding with a mask',
      () => [
        layers.embedding({ inputDim: 3, outputDim: 2, maskZero: true, name: 'a', inputLength: 4 }),
        layers.simpleRNN({ ...common, units: 2 }),
      ],
      'layer "a": maskZero: expected no mask, which Onda\'s layers cannot follow; train the model on sequences of equal length without it',
    ],
    [
      'cells of other make',
      () => [
        layers.rnn({
          cell: layers.simpleRNNCell({ ...common, units: 2 }),
          name: 'a',
          inputShape: shape,
        }),
      ],
      'layer "a": expected a SimpleRNN, LSTM or GRU, got RNN; build the model of those',
    ],
    [
      'a recurrent layer in a TimeDistributed',
      () => [
        layers.timeDistributed({
          layer: layers.simpleRNN({ ...common, units: 2 }),
          name: 'a',
          inputShape: [3, 4, 2],
        }),
        layers.simpleRNN({ ...common, units: 2 }),
      ],
      'layer "a": expected a recurrent layer by itself or in a Bidirectional, got one in a TimeDistributed; build the model without it',
    ],
    [
      'a model without recurrent layers',
      () => [layers.dense({ units: 2, inputShape: [2] })],
      'model: expected a SimpleRNN, LSTM or GRU layer, got none; there is nothing to import, use the model as it is',
    ],
  ];
  it.each(rejected)('refuses %s, and leaves nothing behind', async (_, given, message) => {
    const stock = sequential({ layers: given() });
    const before = memory().numTensors;
    await expect(importStock(stock)).rejects.toThrow(new ModelError(message));
    expect(memory().numTensors).toBe(before);
  });

  it('refuses a Bidirectional that merges nothing', async () => {
    const x = input({ shape });
    const layer = layers.gru({ ...gates, units: 2, returnSequences: true }) as never;
    const both = layers.bidirectional({ layer, mergeMode: null as never, name: 'a' }).apply(x);
    await expect(importStock(functional({ inputs: x, outputs: both as SymbolicTensor[] }))).rejects.toThrow(
      new ModelError(
        `layer "a": mergeMode: expected "concat" or "sum" or "mul" or "ave", ${has}, got null; train the model with that`,
      ),
    );
  });
});
