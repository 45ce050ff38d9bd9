import { OndaError } from '@onda/contract';
import { checkModel } from '@onda/onnx';
import { describe, expect, it } from 'vitest';
import type { LayersArtifacts } from '../artifacts/savedModel.ts';
import { exportModel } from './exportModel.ts';

/** How many damaged models are tried. */
const tries = 2000;

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Whole numbers below a bound, from a seed. */
function draws(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const layer = (class_name: string, name: string, config: Record<string, Json>, takes: Json): Json => ({
  class_name,
  name,
  config: { name, ...config },
  inbound_nodes: takes,
});

/** A model with something of everything: an embedding with a mask, both directions, cells in a stack, a model inside, a shared layer. */
const topology: Json = {
  class_name: 'Model',
  config: {
    name: 'm',
    layers: [
      layer('InputLayer', 'x', { batch_input_shape: [null, 6], dtype: 'float32' }, []),
      layer('Embedding', 'e', { input_dim: 3, output_dim: 2, mask_zero: true }, [[['x', 0, 0, {}]]]),
      layer(
        'Bidirectional',
        'b',
        {
          layer: { class_name: 'GRU', config: { name: 'g', units: 1, return_sequences: true } },
          merge_mode: 'concat',
        },
        [[['e', 0, 0, {}]]],
      ),
      layer(
        'RNN',
        'r',
        {
          cell: {
            class_name: 'StackedRNNCells',
            config: { cells: [{ class_name: 'LSTMCell', config: { units: 2 } }] },
          },
          return_sequences: true,
        },
        [[['b', 0, 0, {}]]],
      ),
      layer(
        'Sequential',
        's',
        {
          layers: [{ class_name: 'Dense', config: { name: 'd', units: 2, batch_input_shape: [null, 6, 2] } }],
        },
        [[['r', 0, 0, {}]]],
      ),
      layer('Conv1D', 'c', { filters: 2, kernel_size: [2], strides: [1], padding: 'same' }, [
        [['s', 1, 0, {}]],
      ]),
      layer('LayerNormalization', 'n', { axis: [-1] }, [[['c', 0, 0, {}]], [['r', 0, 0, {}]]]),
      layer('Concatenate', 'j', { axis: -1 }, [
        [
          ['n', 0, 0, {}],
          ['n', 1, 0, {}],
        ],
      ]),
      layer('TimeDistributed', 't', { layer: { class_name: 'Reshape', config: { target_shape: [2, -1] } } }, [
        [['j', 0, 0, {}]],
      ]),
      layer('Activation', 'o', { activation: 'softmax' }, [[['t', 0, 0, {}]]]),
    ],
    input_layers: [['x', 0, 0]],
    output_layers: [['o', 0, 0]],
  },
};

const shapes: Record<string, number[]> = {
  'e/embeddings': [3, 2],
  'b/forward_g/kernel': [2, 3],
  'b/forward_g/recurrent_kernel': [1, 3],
  'b/forward_g/bias': [3],
  'b/backward_g/kernel': [2, 3],
  'b/backward_g/recurrent_kernel': [1, 3],
  'b/backward_g/bias': [3],
  'r/RNNCell_0/kernel': [2, 8],
  'r/RNNCell_0/recurrent_kernel': [2, 8],
  'r/RNNCell_0/bias': [8],
  'd/kernel': [2, 2],
  'd/bias': [2],
  'c/kernel': [2, 2, 2],
  'c/bias': [2],
  'n/gamma': [2],
  'n/beta': [2],
};

const specs: Json = Object.entries(shapes).map(([name, shape]) => ({ name, shape, dtype: 'float32' }));
const bytes = Object.values(shapes).reduce(
  (sum, shape) => sum + shape.reduce((size, dim) => size * dim, 4),
  0,
);

const strange: readonly Json[] = [
  null,
  true,
  -1,
  0,
  1.5,
  2 ** 53,
  '',
  'x',
  '__proto__',
  'GRU',
  [],
  [[]],
  {},
  [null, -1],
  { a: 1 },
];

/** A copy in which one value somewhere is left out, another one, or something strange. */
function damaged(value: Json, draw: (below: number) => number): Json {
  const copy = structuredClone(value);
  const places: [Json[] | Record<string, Json>, string][] = [];
  const walk = (at: Json): void => {
    if (typeof at !== 'object' || at === null) return;
    for (const key of Object.keys(at)) {
      places.push([at, key]);
      walk((at as Record<string, Json>)[key]);
    }
  };
  walk(copy);
  const [holder, key] = places[draw(places.length)];
  const [other, otherKey] = places[draw(places.length)];
  const values = [...strange, structuredClone((other as Record<string, Json>)[otherKey])];
  if (draw(6) === 0 && !Array.isArray(holder)) Reflect.deleteProperty(holder, key);
  else (holder as Record<string, Json>)[key] = values[draw(values.length)];
  return copy;
}

const options = { producerVersion: '0.1.0' };
const whole: LayersArtifacts = {
  modelTopology: topology,
  weightSpecs: specs as never,
  weightData: new ArrayBuffer(bytes),
};

describe('exportModel of damaged models', () => {
  it('exports the model that is whole', () => {
    expect(checkModel(exportModel(whole, options).model)).toEqual([]);
  });

  it('says in one sentence what is wrong, or gives a sound model, whatever is damaged', () => {
    const draw = draws(11);
    const crashes = new Map<string, string>();
    for (let index = 0; index < tries; index++) {
      const inWeights = draw(5) === 0;
      const artifacts = {
        ...whole,
        ...(inWeights
          ? { weightSpecs: damaged(specs, draw) as never }
          : { modelTopology: damaged(topology, draw) as unknown }),
      };
      try {
        const stateful = draw(2) === 0;
        const problems = checkModel(exportModel(artifacts, { ...options, stateful }).model);
        if (problems.length > 0) crashes.set(problems[0], JSON.stringify(artifacts.modelTopology));
      } catch (error) {
        const text = error instanceof OndaError ? error.message : null;
        if (text === null)
          crashes.set(String((error as Error).stack?.split('\n').slice(0, 3).join('|')), String(index));
        else if (text.includes('\n') || text.length > 700) crashes.set(text, String(index));
      }
    }
    expect([...crashes.keys()]).toEqual([]);
  });

  it('takes deep models, and refuses deeper ones before the stack of calls is full', () => {
    const relus = (count: number): Json[] =>
      Array.from({ length: count }, (_, index) => ({
        class_name: 'ReLU',
        config: { name: `r${index}`, batch_input_shape: [null, 3] },
      }));
    const chain = (count: number): LayersArtifacts => ({
      modelTopology: { class_name: 'Sequential', config: { name: 'm', layers: relus(count) } },
    });
    expect(exportModel(chain(1400), options).model.graph.nodes).toHaveLength(1400);
    expect(() => exportModel(chain(20_000), options)).toThrow(
      'layer "r18499": expected at most 1500 layers in sequence, got more; export parts of the model',
    );
    let inside: Json = relus(1)[0];
    for (let index = 0; index < 5000; index++) {
      inside = { class_name: 'Sequential', config: { name: `s${index}`, layers: [inside] } };
    }
    expect(() => exportModel({ modelTopology: inside }, options)).toThrow(
      'expected at most 1500 layers in sequence, got more',
    );
  });
});
