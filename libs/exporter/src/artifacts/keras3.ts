import { UnsupportedError } from '../errors.ts';
import type { JsonObject } from './json.ts';
import { isObject } from './json.ts';

/** Activation names whose meaning or spelling differs between Keras 3 and TensorFlow.js: hard_sigmoid is x / 6 + 0.5 in Keras 3. */
const activations: Readonly<Record<string, string>> = {
  hard_sigmoid: 'keras3_hard_sigmoid',
  silu: 'swish',
};

/**
 * Converts layer options from Keras 3's format to that of Keras 2 and TensorFlow.js.
 *
 * @throws UnsupportedError for an operation that is not a layer, such as a sum of tensors
 */
export function fromKeras3(layer: JsonObject, config: JsonObject, name: string): JsonObject {
  const module = String(layer['module']);
  if (/^keras\.(src\.)?ops\b/.test(module)) {
    throw new UnsupportedError(
      `layer "${name}": ${module}.${String(layer['class_name'])} is an operation, not a layer, which is not supported; build the model with a layer instead`,
    );
  }
  return plain(config) as JsonObject;
}

/** Unwraps Keras 3's wrapper objects: dtype policies, functions by name. */
function plain(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((entry: unknown) => plain(entry));
  if (isObject(value)) {
    const config = value['config'];
    if (value['class_name'] === 'DTypePolicy' && isObject(config)) return config['name'];
    if (value['class_name'] === 'function' && typeof config === 'string') return plain(config, key);
    return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, plain(entry, name)]));
  }
  const renamed = /activation$/.test(key) && typeof value === 'string' && Object.hasOwn(activations, value);
  return renamed ? activations[value] : value;
}

/** Call arguments without effect at inference. */
const idle: ReadonlySet<string> = new Set(['training']);

/** Operations that Keras 3 adds to a functional model to compute the masks of Masking and Embedding layers. */
const maskClasses: ReadonlySet<string> = new Set([
  ...['NotEqual', 'Any', 'LogicalAnd', 'LogicalOr', 'ExpandDims', 'Concatenate', 'ZerosLike', 'OnesLike'],
]);

/**
 * Names of the operations that only compute masks which follow from the layers anyway: comparisons with the mask_value of a Masking layer
 * that reads the same tensor, or with the 0 of an Embedding layer, and what combines them.
 */
export function maskOperations(layers: readonly unknown[]): ReadonlySet<string> {
  const found = layers.filter(isObject);
  const isMask = ({ module, class_name }: JsonObject): boolean =>
    /^keras\.(src\.)?ops\b/.test(String(module)) && maskClasses.has(String(class_name));
  const sources = new Set(
    found.flatMap(({ class_name, config, inbound_nodes }) => {
      if (!isObject(config) || !Array.isArray(inbound_nodes)) return [];
      const value =
        class_name === 'Masking'
          ? Number(config['mask_value'] ?? 0)
          : class_name === 'Embedding' && config['mask_zero'] === true
            ? 0
            : null;
      return inbound_nodes.map((call: unknown) => `${historyOf(firstArgument(call))}:${value}`);
    }),
  );
  const names = new Set<string>();
  for (const layer of found.filter(isMask)) {
    const [call] = Array.isArray(layer['inbound_nodes']) ? (layer['inbound_nodes'] as unknown[]) : [];
    const args: unknown[] = isObject(call) && Array.isArray(call['args']) ? call['args'] : [];
    const known =
      layer['class_name'] === 'NotEqual'
        ? sources.has(`${historyOf(args[0])}:${Number(args[1])}`)
        : /Like$/.test(String(layer['class_name'])) ||
          args
            .flat()
            .filter(isObject)
            .every((value) => names.has(historyOf(value).split(',')[0]));
    if (known) names.add(String(layer['name']));
  }
  return names;
}

function firstArgument(call: unknown): unknown {
  const args: unknown = isObject(call) ? call['args'] : undefined;
  return Array.isArray(args) ? (args as unknown[])[0] : undefined;
}

/** `layer,call,output` of a tensor; empty for anything else. */
function historyOf(value: unknown): string {
  const history = isObject(value) && isObject(value['config']) ? value['config']['keras_history'] : undefined;
  return Array.isArray(history) ? history.join(',') : '';
}

/** The operation that computes the mask which a call gets as an argument, or null. */
export function maskOf(call: unknown): string | null {
  const { kwargs } = isObject(call) ? call : {};
  const mask = isObject(kwargs) ? (kwargs['mask'] ?? null) : null;
  return mask === null ? null : historyOf(mask).split(',')[0];
}

/**
 * The tensors of one call in Keras 2's format, a list of [layer, call, output]; initial states follow the input.
 *
 * @throws UnsupportedError for an argument that is not a tensor
 */
export function callFromKeras3(
  { args, kwargs }: JsonObject,
  layer: string,
  masks: ReadonlySet<string>,
): unknown[] {
  const named = Object.entries(isObject(kwargs) ? kwargs : {}).filter(
    ([name, value]) =>
      value !== null && !idle.has(name) && !(name === 'mask' && masks.has(historyOf(value).split(',')[0])),
  );
  const other = named.map(([name]) => name).filter((name) => name !== 'initial_state');
  if (other.length > 0) {
    throw new UnsupportedError(
      `layer "${layer}": call options ${other.join(', ')} of Keras 3 are not supported; remove them, or build the model with Keras 2 (tf_keras)`,
    );
  }
  const values = [args, ...named.map(([, value]) => value)].flat(2);
  return values.map((value) => {
    const tensor =
      isObject(value) && isObject(value['config']) ? value['config']['keras_history'] : undefined;
    if (Array.isArray(tensor)) return tensor as unknown[];
    throw new UnsupportedError(
      `layer "${layer}": expected tensors as call arguments, got ${JSON.stringify(value)}; use a layer instead`,
    );
  });
}
