import type { JsonObject } from './json.ts';
import { isObject } from './json.ts';
import { modelOf } from './modelSource.ts';

/** A layer, cell or model inside another one. */
interface Part {
  /** Its attribute in Python, which is its path in the file. */
  readonly at: string;
  /** Its name in the weights' names; empty: none of its own. */
  readonly as: string;
  readonly className: string;
  readonly config: JsonObject;
}

const VARIABLE = /(^|\/)vars\/\d+$/;

/**
 * Names the weights of a `.keras` file as those of an HDF5 file: `layers/lstm/cell/vars/0` becomes `lstm/lstm_cell/kernel`. A `.keras` file
 * counts the variables of each object; the path has the attributes of the objects around it, and layers by class: `dense`, `dense_1`
 * (saving_lib of Keras 2.12 and later). Weights with other names keep them.
 */
export function nameKerasVariables<T extends { readonly name: string }>(
  modelTopology: unknown,
  weights: ReadonlyMap<string, T>,
): ReadonlyMap<string, T> {
  if (![...weights.keys()].some((name) => VARIABLE.test(name))) return weights;
  const model = modelOf(isObject(modelTopology) ? modelTopology : {});
  const names = new Map(variableNames(partOf(model, '', ''), '', ''));
  const named = new Map<string, T>();
  for (const weight of weights.values()) {
    // Keras 2 has other names for the layers of a model (2.12, 2.13) and the projections of attention.
    const path = weight.name
      .replaceAll('_layer_checkpoint_dependencies/', 'layers/')
      .replaceAll(/\/_(query|key|value|output)_dense\//g, '/$1_dense/');
    const name = names.get(path) ?? weight.name;
    named.set(name, { ...weight, name });
  }
  return named;
}

function partOf(value: unknown, at: string, as: string): Part {
  const object = isObject(value) ? value : {};
  const className = String(object['class_name']);
  const config = isObject(object['config']) ? object['config'] : {};
  return { at, as, className, config };
}

/** Paths in the file with the names of the weights, of an object and of all parts of it. */
function* variableNames(part: Part, path: string, name: string): Generator<[path: string, name: string]> {
  const [at, as] = [joined(path, part.at), joined(name, part.as)];
  for (const [index, own] of ownVariables(part).entries()) {
    yield [`${at}/vars/${index}`, joined(as, own)];
  }
  for (const inner of partsOf(part)) yield* variableNames(inner, at, as);
}

function joined(path: string, name: string): string {
  return path === '' || name === '' ? path + name : `${path}/${name}`;
}

const given = (...names: (string | false)[]): string[] => names.filter((name) => name !== false);
const biased = ({ config }: Part, ...names: string[]): string[] =>
  given(...names, config['use_bias'] !== false && 'bias');
const scaled = ({ config }: Part, ...names: string[]): string[] =>
  given(config['scale'] !== false && 'gamma', config['center'] !== false && 'beta', ...names);
const dense = (part: Part): string[] => biased(part, 'kernel');
const cell = (part: Part): string[] => biased(part, 'kernel', 'recurrent_kernel');
const separable = (part: Part): string[] => biased(part, 'depthwise_kernel', 'pointwise_kernel');

/** The variables of each class in the order in which its `build` adds them. */
const variables: Readonly<Record<string, (part: Part) => string[]>> = {
  AdditiveAttention: ({ config }) => given(config['use_scale'] !== false && 'scale'),
  Attention: ({ config }) =>
    given(
      config['use_scale'] === true && 'scale',
      config['score_mode'] === 'concat' && 'concat_score_weight',
    ),
  BatchNormalization: (part) => scaled(part, 'moving_mean', 'moving_variance'),
  Conv1D: dense,
  Conv1DTranspose: dense,
  Conv2D: dense,
  Conv2DTranspose: dense,
  Conv3D: dense,
  Conv3DTranspose: dense,
  ConvLSTM2DCell: cell,
  Dense: dense,
  DepthwiseConv1D: dense,
  DepthwiseConv2D: dense,
  EinsumDense: ({ config }) => given('kernel', (config['bias_axes'] ?? null) !== null && 'bias'),
  Embedding: () => ['embeddings'],
  GRUCell: cell,
  GroupNormalization: (part) => scaled(part),
  LSTMCell: cell,
  LayerNormalization: (part) => scaled(part),
  Normalization: () => ['mean', 'variance', 'count'],
  PReLU: () => ['alpha'],
  RMSNormalization: () => ['scale'],
  SeparableConv1D: separable,
  SeparableConv2D: separable,
  SimpleRNNCell: cell,
};

function ownVariables(part: Part): string[] {
  return Object.hasOwn(variables, part.className) ? variables[part.className](part) : [];
}

/** A recurrent layer's cell has the options of the layer. */
const cellOf =
  (className: string) =>
  ({ config }: Part): Part[] => [{ at: 'cell', as: snakeCase(className), className, config }];

const containers = ({ config }: Part): Part[] => layersIn(config['layers'], 'layers');

const parts: Readonly<Record<string, (part: Part) => Part[]>> = {
  Bidirectional: ({ config }) =>
    (['forward', 'backward'] as const).map((direction) => {
      const layer =
        direction === 'backward' ? (config['backward_layer'] ?? config['layer']) : config['layer'];
      const part = partOf(layer, `${direction}_layer`, '');
      const name = String(part.config['name']).replace(/^(forward|backward)_/, '');
      return { ...part, as: `${direction}_${name}` };
    }),
  ConvLSTM2D: cellOf('ConvLSTM2DCell'),
  Functional: containers,
  GRU: cellOf('GRUCell'),
  LSTM: cellOf('LSTMCell'),
  Model: containers,
  MultiHeadAttention: ({ config }) =>
    ['query', 'key', 'value', 'output'].map((role) => ({
      at: `${role}_dense`,
      as: role === 'output' ? 'attention_output' : role,
      className: 'EinsumDense',
      config: { bias_axes: config['use_bias'] === false ? null : 'e' },
    })),
  RNN: ({ config }) => [{ ...partOf(config['cell'], 'cell', ''), as: cellName(config['cell']) }],
  Sequential: containers,
  SimpleRNN: cellOf('SimpleRNNCell'),
  StackedRNNCells: ({ config }) =>
    layersIn(config['cells'], 'cells').map((part) => ({
      ...part,
      as: typeof part.config['name'] === 'string' ? part.config['name'] : part.as,
    })),
  TimeDistributed: ({ config }) => [partOf(config['layer'], 'layer', '')],
};

function partsOf(part: Part): Part[] {
  return Object.hasOwn(parts, part.className) ? parts[part.className](part) : [];
}

function cellName(value: unknown): string {
  return snakeCase(partOf(value, '', '').className);
}

/** The layers of a list by class, as the file counts them; operations do not count. */
function layersIn(value: unknown, attribute: string): Part[] {
  const counts = new Map<string, number>();
  const layers = (Array.isArray(value) ? (value as unknown[]) : [])
    .filter(isObject)
    .filter(({ module }) => !/^keras\.(src\.)?ops\b/.test(String(module)));
  return layers.map((layer) => {
    const part = partOf(layer, '', '');
    const kind = snakeCase(part.className);
    const count = counts.get(kind) ?? 0;
    counts.set(kind, count + 1);
    const name = layer['name'] ?? part.config['name'];
    return {
      ...part,
      at: `${attribute}/${kind}${count === 0 ? '' : `_${count}`}`,
      as: typeof name === 'string' ? name : '',
    };
  });
}

/** `SimpleRNN` as `simple_rnn` (to_snake_case of Keras). */
function snakeCase(name: string): string {
  return name
    .replaceAll(/\W+/g, '')
    .replaceAll(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}
