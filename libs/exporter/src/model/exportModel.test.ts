import { ConfigError, ModelError } from '@onda/contract';
import { checkModel, writeModel } from '@onda/onnx';
import { describe, expect, it } from 'vitest';
import type { LayersArtifacts } from '../artifacts/savedModel.ts';
import { UnsupportedError } from '../errors.ts';
import { exportModel } from './exportModel.ts';

type Json = Record<string, unknown>;

const shape = { batch_input_shape: [null, null, 2], dtype: 'float32' };

/** A sequential model of these layers; the weights are named and shaped as given, all ones. */
function chain(layers: Json[], weights: Record<string, number[]> = {}): LayersArtifacts {
  const size = Object.values(weights).reduce(
    (sum, dims) => sum + dims.reduce((product, dim) => product * dim, 1),
    0,
  );
  return {
    modelTopology: { class_name: 'Sequential', config: { name: 'm', layers } },
    weightSpecs: Object.entries(weights).map(([name, dims]) => ({ name, shape: dims, dtype: 'float32' })),
    weightData: new Float32Array(size).fill(1).buffer,
  };
}

const layer = (class_name: string, config: Json): Json => ({
  class_name,
  config: { name: 'l', ...shape, ...config },
});

const gru = (config: Json = {}): Json => layer('GRU', { units: 1, ...config });
const gruWeights = { 'l/kernel': [2, 3], 'l/recurrent_kernel': [1, 3], 'l/bias': [3] };

/** A functional model of layers with what each takes. */
function graph(
  layers: [name: string, className: string, config: Json, takes: unknown[]][],
  outputs: unknown[],
): LayersArtifacts {
  return {
    modelTopology: {
      class_name: 'Model',
      config: {
        name: 'm',
        layers: [
          { class_name: 'InputLayer', name: 'x', config: { name: 'x', ...shape }, inbound_nodes: [] },
          ...layers.map(([name, class_name, config, takes]) => ({
            class_name,
            name,
            config: { name, ...config },
            inbound_nodes: takes,
          })),
        ],
        input_layers: [['x', 0, 0]],
        output_layers: outputs,
      },
    },
    weightSpecs: [],
    weightData: new ArrayBuffer(0),
  };
}

const options = { producerVersion: '0.1.0' };

describe(exportModel, () => {
  it('packs the states into one row and lists its parts', () => {
    const { model, state } = exportModel(chain([gru()], gruWeights), { ...options, stateful: true });
    expect(state).toEqual({ size: 1, rows: [{ layer: 'l', kind: 'h', offset: 0, size: 1 }] });
    expect(model.graph.inputs.map(({ name }) => name)).toEqual(['l_input', 'state_in']);
    expect(model.graph.outputs.map(({ name }) => name)).toEqual(['l', 'state_out']);
    expect(checkModel(model)).toEqual([]);
  });

  it('gives the same bytes for the same model', () => {
    const bytes = (): Uint8Array => writeModel(exportModel(chain([gru()], gruWeights), options).model);
    expect(bytes()).toEqual(bytes());
  });

  it('warns of nodes that a GPU provider does not take, and not of others', () => {
    expect(exportModel(chain([gru()], gruWeights), options).warnings).toEqual([
      'node "l" (GRU): the CUDA provider runs it on the CPU, as it has no HardSigmoid there; train with recurrentActivation "sigmoid" and activation "tanh"',
      'node "l" (GRU): the WebGPU provider refuses it, as it has no HardSigmoid; train with recurrentActivation "sigmoid"',
      'node "l" (GRU): the CUDA provider runs it on the CPU, as its reset gate applies before the recurrent product; train an OndaGRU',
    ]);
    const lstm = layer('LSTM', { units: 1, recurrent_activation: 'sigmoid' });
    const weights = { 'l/kernel': [2, 4], 'l/recurrent_kernel': [1, 4], 'l/bias': [4] };
    expect(exportModel(chain([lstm], weights), options).warnings).toEqual([]);
    const rnn = layer('SimpleRNN', { units: 1 });
    const rnnWeights = { 'l/kernel': [2, 1], 'l/recurrent_kernel': [1, 1], 'l/bias': [1] };
    expect(exportModel(chain([rnn], rnnWeights), options).warnings).toEqual([
      'node "l" (RNN): the WebGPU provider runs it on the CPU, as it has no RNN; train an LSTM or a GRU',
    ]);
  });

  it('exports a cell as a Scan where no node has its activation, and warns', () => {
    const swish = chain([gru({ activation: 'swish', recurrent_activation: 'sigmoid' })], gruWeights);
    const { model, warnings } = exportModel(swish, { ...options, stateful: true });
    expect(warnings).toEqual([
      'layer "l": no recurrent operator has its activation swish with gates of sigmoid, so it becomes a Scan, which is slower than a recurrent node; train with tanh and sigmoid',
    ]);
    expect(model.graph.nodes.filter(({ op }) => op === 'Scan').map(({ name }) => name)).toEqual(['l']);
    expect(checkModel(model)).toEqual([]);
  });

  it("finds Keras's names of weights and its gru with the reset after, with two biases", () => {
    const weights = {
      'model/l/gru_cell/kernel': [2, 3],
      'model/l/gru_cell/recurrent_kernel': [1, 3],
      'model/l/gru_cell/bias': [2, 3],
    };
    const { model } = exportModel(chain([gru({ reset_after: true })], weights), options);
    const [node] = model.graph.nodes.filter(({ op }) => op === 'GRU');
    expect(node.attributes['linear_before_reset']).toEqual({ kind: 'int', value: 1 });
    const bias = model.graph.initializers.find(({ name }) => name === 'l/B');
    expect([...(bias?.data ?? [])]).toEqual([1, 1, 1, 1, 1, 1]);
  });

  const unsupported: [string, LayersArtifacts, string, boolean?][] = [
    [
      'a layer that it does not know',
      chain([layer('MyLayer', {})]),
      'layer "l": MyLayer is not supported: the exporter does not know this class; use a layer listed in its README',
    ],
    [
      'recurrent convolutions in pieces',
      chain([layer('ConvLSTM2D', { batch_input_shape: [null, null, 4, 4, 1] })]),
      'layer "l": its states are images, which state rows do not hold, so a sequence cannot come in pieces; export without stateful',
      true,
    ],
    [
      'softmax in a recurrent convolution',
      chain([
        layer('ConvLSTM2D', { batch_input_shape: [null, null, 4, 4, 1], filters: 1, activation: 'softmax' }),
      ]),
      'layer "l": activation "softmax" of a ConvLSTM2D is not supported; use an element-wise one',
    ],
    [
      'what is drawn at every call',
      chain([layer('RandomWidth', { factor: 0.1 })]),
      'layer "l": RandomWidth is not supported: it draws another width at every call, in TensorFlow.js also at inference; remove it before the export',
    ],
    [
      'an activation that TensorFlow.js does not have',
      chain([gru({ activation: 'cube' })], gruWeights),
      'layer "l": activation: expected "linear" or "elu" or "gelu" or "gelu_new" or "hard_sigmoid" or "keras3_hard_sigmoid" or "log_softmax" or "mish" or "relu" or "relu6" or "selu" or "sigmoid" or "softmax" or "softplus" or "softsign" or "swish" or "tanh", got "cube"; build the layer with one of these',
    ],
    [
      'a cell of own make',
      chain([layer('RNN', { cell: { class_name: 'MyCell', config: {} } })]),
      'layer "l": cell MyCell is not supported; use SimpleRNNCell, LSTMCell, GRUCell or StackedRNNCells of these',
    ],
    [
      'Bidirectional around what is not recurrent',
      chain([layer('Bidirectional', { layer: { class_name: 'Dense', config: {} } })]),
      'layer "l": a Bidirectional Dense is not supported; wrap a SimpleRNN, LSTM, GRU or RNN layer',
    ],
    [
      'stateful for a layer that runs backwards',
      chain([gru({ go_backwards: true })], gruWeights),
      'layer "l": go_backwards: a layer that runs backwards needs the end of a sequence, so a sequence cannot come in pieces; export without stateful',
      true,
    ],
    [
      'stateful for a Bidirectional layer',
      chain([layer('Bidirectional', { layer: gru() })]),
      'layer "l": a Bidirectional layer needs the end of a sequence, so a sequence cannot come in pieces; export without stateful',
      true,
    ],
    [
      'stateful for a model without state',
      chain([layer('ReLU', {})]),
      'model "m": expected recurrent layers, whose state to keep, got none; export without stateful',
      true,
    ],
    [
      'Flatten of an open dim',
      chain([layer('Flatten', {})]),
      'layer "l": expected fixed dims, got [time, 2]; give the model\'s input a fixed shape there',
    ],
    [
      'normalization over an open axis',
      chain([layer('BatchNormalization', { axis: 1 })]),
      'layer "l": expected fixed dims, got [time]; give the model\'s input a fixed shape there',
    ],
    [
      'normalization over the batch',
      chain([layer('LayerNormalization', { axis: [0, 2] })]),
      'layer "l": axis: expected axes after the batch, 1 to 2, got [0,2]; use -1 for the last axis',
    ],
    [
      'softmax over the batch',
      chain([layer('Softmax', { axis: 0 })]),
      'layer "l": axis: expected axes after the batch, 1 to 2, got 0; use -1 for the last axis',
    ],
    [
      'a reshape that cannot be',
      chain([layer('Reshape', { batch_input_shape: [null, 4], target_shape: [3] })]),
      'layer "l": target_shape: expected as many elements as [4] has and at most one open dim, got [3]; give fixed dims',
    ],
    [
      'an order of dims that leaves one out',
      chain([layer('Permute', { dims: [1, 1] })]),
      'layer "l": dims: expected each of 1, 2 once, got [1,1]; list every dim',
    ],
    [
      'an input of text',
      chain([layer('ReLU', { dtype: 'string' })]),
      'layer "l_input": inputs of type "string" are not supported; use float32 or int32',
    ],
  ];
  it.each(unsupported)('refuses %s', (_what, artifacts, message, stateful = false) => {
    expect(() => exportModel(artifacts, { ...options, stateful })).toThrow(new UnsupportedError(message));
  });

  const damaged: [string, LayersArtifacts, string][] = [
    [
      'weights of another shape than the options say',
      chain([gru()], { ...gruWeights, 'l/bias': [4] }),
      'weight "l/bias": expected shape [3] as the layer\'s options say, got [4]; save the model again',
    ],
    [
      'layers in a circle',
      graph(
        [
          [
            'a',
            'Add',
            {},
            [
              [
                ['x', 0, 0, {}],
                ['b', 0, 0, {}],
              ],
            ],
          ],
          ['b', 'ReLU', {}, [[['a', 0, 0, {}]]]],
        ],
        [['b', 0, 0]],
      ),
      'layer "b": expected a model without cycles, got a layer that depends on its own output; remove the cycle',
    ],
    [
      'an input from a missing layer',
      graph([['a', 'ReLU', {}, [[['gone', 0, 0, {}]]]]], [['a', 0, 0]]),
      'layer "a": expected layer "gone" with call 0 as its input, got a model without it; save the model again',
    ],
    [
      'an input from a missing output',
      graph([['a', 'ReLU', {}, [[['x', 0, 1, {}]]]]], [['a', 0, 0]]),
      'layer "a": expected output 1 of layer "x" as its input, got a layer with 1; save the model again',
    ],
    [
      'a layer without input',
      graph([['a', 'ReLU', {}, []]], [['a', 0, 0]]),
      'layer "a": expected an input, got none; connect it to the model\'s inputs',
    ],
    [
      'an output of a missing layer',
      graph([], [['gone', 0, 0]]),
      'model output: expected layer "gone" with call 0 as its input, got a model without it; save the model again',
    ],
    [
      'a layer named like the state',
      chain([{ class_name: 'ReLU', config: { name: 'state_out', ...shape } }]),
      'tensor "state_out": expected unique names of inputs and outputs, got it twice; rename the layer',
    ],
  ];
  it.each(damaged)('refuses %s', (_what, artifacts, message) => {
    expect(() => exportModel(artifacts, options)).toThrow(new ModelError(message));
  });

  it('refuses operator sets without kernels', () => {
    expect(() => exportModel(chain([gru()], gruWeights), { ...options, opset: 13 })).toThrow(
      new ConfigError(
        'opset: expected 14 to 21, got 13; from 22 on ONNX Runtime has no CUDA and WebGPU kernels for recurrent layers',
      ),
    );
  });
});
