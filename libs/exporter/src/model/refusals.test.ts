import { ModelError } from '@onda/contract';
import { describe, expect, it } from 'vitest';
import type { LayersArtifacts } from '../artifacts/savedModel.ts';
import { UnsupportedError } from '../errors.ts';
import { exportModel } from './exportModel.ts';

type Json = Record<string, unknown>;
type Step = readonly [className: string, config: Json];

/** A chain of layers named a, b, c, ... for inputs of this shape. */
function chain(shape: readonly (number | null)[], ...steps: Step[]): LayersArtifacts {
  const layers = steps.map(([class_name, config], index) => ({
    class_name,
    config: { name: 'abc'[index], ...(index === 0 && { batch_input_shape: [null, ...shape] }), ...config },
  }));
  return { modelTopology: { class_name: 'Sequential', config: { name: 'm', layers } } };
}

/** A model of two inputs, of layers with what each takes. */
function graph(
  ...steps: [name: string, className: string, config: Json, takes: string[]][]
): LayersArtifacts {
  const input = (name: string): Json => ({
    class_name: 'InputLayer',
    name,
    config: { name, batch_input_shape: [null, null, 2], dtype: 'float32' },
    inbound_nodes: [],
  });
  const layers = steps.map(([name, class_name, config, takes]) => ({
    class_name,
    name,
    config: { name, ...config },
    inbound_nodes: [takes.map((taken) => [taken, 0, 0, {}])],
  }));
  return {
    modelTopology: {
      class_name: 'Model',
      config: {
        name: 'm',
        layers: [input('x'), input('y'), ...layers],
        input_layers: [
          ['x', 0, 0],
          ['y', 0, 0],
        ],
        output_layers: [[steps[steps.length - 1][0], 0, 0]],
      },
    },
    weightSpecs: ['kernel', 'recurrent_kernel', 'bias'].map((name, index) => ({
      name: `r/${name}`,
      shape: [[2, 2], [2, 2], [2]][index],
      dtype: 'float32',
    })),
    weightData: new ArrayBuffer(40),
  };
}

const masking: Step = ['Masking', {}];
const image = [4, 4, 2];
const conv = { filters: 1, kernel_size: 2 };

const cases: [string, LayersArtifacts, string][] = [
  [
    'an option that no rule reads',
    chain([null, 2], ['Dense', { units: 1, activation: 'linear', lora_rank: 4 }]),
    'layer "a": lora_rank: expected no such option of Dense, got 4; build the layer without it',
  ],
  [
    'another value of an option than the supported one',
    chain(image, ['SeparableConv2D', { ...conv, groups: 2 }]),
    'layer "a": groups: expected 1 of SeparableConv2D, got 2; build the layer without it',
  ],
  [
    'masks that a merge layer has made another shape',
    graph(['m', 'Masking', {}, ['x']], ['s', 'Add', {}, ['m', 'y']], ['r', 'SimpleRNN', { units: 2 }, ['s']]),
    'layer "r": its mask is unusable, in TensorFlow.js too: layer "s" merges masks into another shape; mask after that layer, or remove the mask',
  ],
  [
    'a mask over other samples, which TensorFlow.js passes on',
    graph(
      ['m', 'Masking', {}, ['x']],
      ['g', 'GlobalMaxPooling1D', {}, ['m']],
      ['v', 'RepeatVector', { n: 3 }, ['g']],
      ['r', 'SimpleRNN', { units: 2 }, ['v']],
    ),
    'layer "r": expected a mask [batch, 3] for its samples, got [batch, time]: TensorFlow.js passes the last mask to all later layers without one; mask this layer\'s input too, or remove the mask',
  ],
  [
    'a mask on softmax',
    chain([null, 2], masking, ['Softmax', { axis: -1 }]),
    'layer "b": a mask over samples is not supported on a Softmax layer; use an Activation layer, or remove the mask',
  ],
  [
    'cells that are none',
    chain([null, 2], ['RNN', { cell: { class_name: 'StackedRNNCells', config: { cells: [] } } }]),
    'layer "a": cells: expected at least one, got none; save the model again',
  ],
  [
    'dilation that TensorFlow.js leaves out',
    chain(image, ['DepthwiseConv2D', { kernel_size: 2, depth_multiplier: 1, dilation_rate: [2, 2] }]),
    'layer "a": dilation_rate: expected 1, got [2,2]; TensorFlow.js ignores it; remove dilationRate',
  ],
  [
    'dilation that TensorFlow.js leaves out, transposed',
    chain(image, ['Conv2DTranspose', { ...conv, dilation_rate: 2 }]),
    'layer "a": dilation_rate: expected 1, got 2; TensorFlow.js ignores it; remove dilationRate',
  ],
  [
    'groups of channels',
    chain(image, ['Conv2D', { ...conv, groups: 2 }]),
    'layer "a": groups: expected 1, got 2; TensorFlow.js has no channel groups; remove groups',
  ],
  [
    'channels first in Conv1D',
    chain([4, 2], ['Conv1D', { ...conv, data_format: 'channels_first' }]),
    'layer "a": data_format: expected "channels_last", got "channels_first"; TensorFlow.js takes channels first but outputs them last; use channels_last',
  ],
  [
    'a bias with channels first in SeparableConv2D',
    chain(image, ['SeparableConv2D', { ...conv, data_format: 'channels_first', use_bias: true }]),
    'layer "a": use_bias: expected false, got true; use dataFormat channelsLast',
  ],
  [
    'places that pooling keeps',
    chain(image, ['GlobalMaxPooling2D', { keepdims: true }]),
    'layer "a": keepdims: expected false, got true; TensorFlow.js ignores it; add a Reshape layer',
  ],
  [
    'root mean squares in place of deviations',
    chain([2], ['LayerNormalization', { rms_scaling: true }]),
    'layer "a": rms_scaling: expected false, got true; TensorFlow.js ignores it; remove it',
  ],
  [
    'masks where the cell is spelled out',
    graph(['m', 'Masking', {}, ['x']], ['r', 'SimpleRNN', { units: 2, activation: 'swish' }, ['m']]),
    'layer "r": no recurrent operator has its activation swish, which is not supported with a mask; use tanh and sigmoid, or remove the mask',
  ],
  [
    'time before the batch',
    chain([null, 2], ['GRU', { units: 1, time_major: true }]),
    'layer "a": time_major: expected false, got true; TensorFlow.js ignores it; put the batch first',
  ],
  [
    'an operation without a rule',
    graph(['d', 'TFOpLambda', { function: 'math.cumsum' }, ['x']]),
    'layer "d": operation math.cumsum is not supported; build the model with a layer instead, or with an operation that the exporter\'s README lists',
  ],
  [
    'words of too many dims',
    chain([3, 2], ['CategoryEncoding', { num_tokens: 2 }]),
    'layer "a": expected words [batch, words], got [batch, 3, 2]; reshape the input',
  ],
];

describe('exportModel of what ONNX or TensorFlow.js cannot express', () => {
  it.each(cases)('refuses %s', (_what, artifacts, message) => {
    const error = message.includes('save the model again')
      ? new ModelError(message)
      : new UnsupportedError(message);
    expect(() => exportModel(artifacts, { producerVersion: '0.1.0' })).toThrow(error);
  });
});
