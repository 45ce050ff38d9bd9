import { ModelError } from '@onda/contract';
import { describe, expect, it } from 'vitest';
import { UnsupportedError } from '../errors.ts';
import { readTopology } from './topology.ts';

const dense = (name: string, config: object = {}): object => ({
  class_name: 'Dense',
  config: { name, trainable: true, units: 2, ...config },
});

const input = { batch_input_shape: [null, 4] };

const functional = (layers: object[], ends: object = {}): object => ({
  class_name: 'Model',
  config: { name: 'm', layers, input_layers: [['in', 0, 0]], output_layers: [['d', 1, 0]], ...ends },
});

const inputLayer = {
  class_name: 'InputLayer',
  name: 'in',
  config: { ...input, name: 'in' },
  inbound_nodes: [],
};

describe(readTopology, () => {
  it('reads a sequential model as a chain, with the input that its first layer stands for', () => {
    const topology = readTopology({
      class_name: 'Sequential',
      config: { name: 's', layers: [dense('a', input), dense('b')] },
    });
    expect(topology.layers.map(({ name, className, calls }) => [name, className, calls])).toEqual([
      ['a_input', 'InputLayer', [[]]],
      ['a', 'Dense', [[{ layer: 'a_input', call: 0, output: 0 }]]],
      ['b', 'Dense', [[{ layer: 'a', call: 0, output: 0 }]]],
    ]);
    expect(topology.inputs).toEqual([{ layer: 'a_input', call: 0, output: 0 }]);
    expect(topology.outputs).toEqual([{ layer: 'b', call: 0, output: 0 }]);
  });

  it('reads a sequential model whose layers are its whole config, inside model_config', () => {
    const { layers } = readTopology({
      model_config: { class_name: 'Sequential', config: [dense('a', input)] },
    });
    expect(layers.map(({ name }) => name)).toEqual(['a_input', 'a']);
  });

  it('finds the input shape in the first layer of a model that is the first layer', () => {
    const inner = { class_name: 'Sequential', config: { name: 'inner', layers: [dense('a', input)] } };
    const { layers } = readTopology({ class_name: 'Sequential', config: { name: 's', layers: [inner] } });
    expect(layers[0].config).toEqual({ batch_input_shape: [null, 4], dtype: 'float32' });
  });

  it('reads a functional model with a layer that is called twice', () => {
    const shared = { ...dense('d'), name: 'd', inbound_nodes: [[['in', 0, 0, {}]], [['d', 0, 0, {}]]] };
    const topology = readTopology(functional([inputLayer, shared]));
    expect(topology.layers[1].calls).toEqual([
      [{ layer: 'in', call: 0, output: 0 }],
      [{ layer: 'd', call: 0, output: 0 }],
    ]);
    expect(topology.outputs).toEqual([{ layer: 'd', call: 1, output: 0 }]);
  });

  it('reads operations outside of layers with their arguments', () => {
    const keras2 = {
      class_name: 'TFOpLambda',
      config: { name: 'tf.math.add', function: 'math.add' },
      name: 'd',
      inbound_nodes: [['in', 0, 0, { y: 1, name: null }]],
    };
    const input = { class_name: '__keras_tensor__', config: { keras_history: ['in', 0, 0] } };
    const keras3 = {
      module: 'keras.src.ops.numpy',
      class_name: 'GetItem',
      config: { name: 'd' },
      name: 'd',
      inbound_nodes: [{ args: [input, -1], kwargs: {} }],
    };
    const read = [keras2, keras3].map((layer) => readTopology(functional([inputLayer, layer])).layers[1]);
    expect(
      read.map(({ className, config, arguments: given }) => [className, config['function'], given]),
    ).toEqual([
      ['Operation', 'add', [{ 0: { input: 0 }, y: { value: 1 } }]],
      ['Operation', 'getitem', [{ 0: { input: 0 }, 1: { value: -1 } }]],
    ]);
  });

  it('reads inputs and outputs by name in the order of the names', () => {
    const inputs = ['b', 'a'].map((name) => ({ ...inputLayer, name, config: { ...input, name } }));
    const ends = { input_layers: { b: ['b', 0, 0], a: ['a', 0, 0] }, output_layers: { y: ['b', 0, 0] } };
    const { inputs: read } = readTopology(functional(inputs, ends));
    expect(read.map(({ layer }) => layer)).toEqual(['a', 'b']);
  });

  const damaged: [string, unknown, string][] = [
    [
      'nothing',
      undefined,
      'model topology: the document: expected an object, got nothing; save the model again',
    ],
    ['a list', [1], 'model topology: the document: expected an object, got [1]; save the model again'],
    [
      'no class',
      { config: {} },
      'model topology: class_name: expected text, got nothing; save the model again',
    ],
    [
      'no layers',
      { class_name: 'Sequential', config: { name: 's', layers: [] } },
      'model topology: expected at least one layer in "s", got none; add layers to the model',
    ],
    [
      'no input shape',
      { class_name: 'Sequential', config: { layers: [dense('a')] } },
      'layer "a": expected batch_input_shape on the first layer, got none; give it an inputShape and save the model again',
    ],
    [
      'a name twice',
      { class_name: 'Sequential', config: { layers: [dense('a', input), dense('a')] } },
      'layer "a": expected layer names to be unique, got it twice; rename one of them',
    ],
    [
      'an output that is not an index',
      functional([inputLayer], { output_layers: [['in', 0]] }),
      'model topology: config.output_layers: expected [layer, call, output], got ["in",0]; save the model again',
    ],
  ];
  it.each(damaged)('refuses %s', (_what, topology, message) => {
    expect(() => readTopology(topology)).toThrow(new ModelError(message));
  });

  const unsupported: [string, unknown, string][] = [
    [
      'a model of its own class',
      { class_name: 'MyModel', config: {} },
      'model topology: expected a Sequential, Model or Functional model, got MyModel; build it from layers',
    ],
    [
      'masks that Keras 3 writes out',
      functional([
        inputLayer,
        { ...dense('d'), name: 'd', inbound_nodes: [{ args: [], kwargs: { mask: {} } }] },
      ]),
      'layer "d": call options mask of Keras 3 are not supported; remove them, or build the model with Keras 2 (tf_keras)',
    ],
    [
      'numbers as what Keras 3 calls a layer with',
      functional([inputLayer, { ...dense('d'), name: 'd', inbound_nodes: [{ args: [0.5], kwargs: {} }] }]),
      'layer "d": expected tensors as call arguments, got 0.5; use a layer instead',
    ],
    [
      'options of a call',
      functional([inputLayer, { ...dense('d'), name: 'd', inbound_nodes: [[['in', 0, 0, { mask: 1 }]]] }]),
      'layer "d": call options mask are not supported; pass tensors as inputs of the layer',
    ],
  ];
  it.each(unsupported)('refuses %s', (_what, topology, message) => {
    expect(() => readTopology(topology)).toThrow(new UnsupportedError(message));
  });
});
