import { ModelError } from '@onda/contract';
import type { TopologyEntry } from './topology.ts';
import { camelCase, maybeEntry } from './topology.ts';

/** Of each stock layer: our layer, and what it must be set to beyond what every recurrent layer must. */
const stockLayers: Record<string, { className: string; needed: Record<string, readonly unknown[]> }> = {
  SimpleRNN: { className: 'OndaRNN', needed: { activation: ['tanh', 'relu'] } },
  LSTM: { className: 'OndaLSTM', needed: { activation: ['tanh'], recurrent_activation: ['sigmoid'] } },
  GRU: {
    className: 'OndaGRU',
    needed: { activation: ['tanh'], recurrent_activation: ['sigmoid'], reset_after: [false, null] },
  },
};

/** What ours have nothing for. A key that is missing is as good as the value that is needed. */
const neededOfAll: Record<string, readonly unknown[]> = {
  stateful: [false, null],
  dropout: [0, null],
  recurrent_dropout: [0, null],
  kernel_regularizer: [null],
  recurrent_regularizer: [null],
  bias_regularizer: [null],
  activity_regularizer: [null],
  kernel_constraint: [null],
  recurrent_constraint: [null],
  bias_constraint: [null],
};

/** Options that mean the same in both. */
const sharedKeys = [
  'name',
  'trainable',
  'batch_input_shape',
  'dtype',
  'units',
  'return_sequences',
  'return_state',
  'go_backwards',
];

const mergeModes = ['concat', 'sum', 'mul', 'ave'];

/** Whether a layer is one of those that `convertLayer` turns into ours. */
export function isStockRecurrent({ class_name: name, config }: TopologyEntry): boolean {
  if (name in stockLayers || name === 'RNN') return true;
  return name === 'Bidirectional' && maybeEntry(config.layer) !== undefined;
}

/**
 * Turns a SimpleRNN, LSTM, GRU or a Bidirectional of one into our layer of the same mathematics.
 *
 * @throws ModelError naming the layer and the first option that ours cannot have
 */
export function convertLayer(entry: TopologyEntry): TopologyEntry {
  if (entry.class_name === 'Bidirectional') return convertBidirectional(entry);
  const { class_name: className, config } = entry;
  const name = String(config.name);
  const stock = Object.hasOwn(stockLayers, className) ? stockLayers[className] : undefined;
  if (stock === undefined) {
    throw new ModelError(
      `layer "${name}": expected a SimpleRNN, LSTM or GRU, got ${className}; build the model of those`,
    );
  }
  for (const [key, allowed] of Object.entries({ ...stock.needed, ...neededOfAll })) {
    const value = config[key];
    if (value === undefined || allowed.includes(value)) continue;
    throw cannotHave(name, key, allowed, value);
  }
  return {
    class_name: stock.className,
    config: {
      ...Object.fromEntries(sharedKeys.filter((key) => key in config).map((key) => [key, config[key]])),
      ...(className === 'SimpleRNN' && { activation: config.activation }),
      // TensorFlow.js's GRU resets the state before the recurrent product.
      ...(className === 'GRU' && { reset_after: false }),
    },
  };
}

function convertBidirectional({ config }: TopologyEntry): TopologyEntry {
  const { layer, merge_mode: mode, ...others } = config;
  const inner = maybeEntry(layer);
  if (inner === undefined || !mergeModes.includes(mode as string)) {
    throw cannotHave(String(config.name), 'merge_mode', mergeModes, mode);
  }
  return {
    class_name: 'OndaBidirectional',
    config: { ...others, merge_mode: mode, layer: convertLayer(inner) },
  };
}

function cannotHave(name: string, key: string, allowed: readonly unknown[], value: unknown): ModelError {
  const option = camelCase(key);
  const expected = allowed
    .filter((one, index) => one !== null || index === 0)
    .map((one) => (one === null ? 'none' : JSON.stringify(one)));
  const given =
    typeof value === 'string' ? camelCase(value) : camelCase(maybeEntry(value)?.class_name ?? '') || value;
  return new ModelError(
    `layer "${name}": ${option}: expected ${expected.join(' or ')}, which is what Onda's layer has, got ${JSON.stringify(given)}; train the model with that`,
  );
}
