import { UnsupportedError } from '../errors.ts';
import type { JsonObject } from './json.ts';
import { isObject } from './json.ts';

/** Names of activations that Keras 3 calls or means otherwise than TensorFlow.js: its hard_sigmoid is x / 6 + 0.5. */
const activations: Readonly<Record<string, string>> = {
  hard_sigmoid: 'keras3_hard_sigmoid',
  silu: 'swish',
};

/**
 * The options of a layer as Keras 2 and TensorFlow.js write them. What Keras 3 wrote is told by the type of its numbers, which is an object.
 *
 * @throws UnsupportedError for an operation that is not a layer, such as a sum of tensors without one
 */
export function fromKeras3(layer: JsonObject, config: JsonObject, name: string): JsonObject {
  const module = String(layer['module']);
  if (/^keras\.(src\.)?ops\b/.test(module)) {
    throw new UnsupportedError(
      `layer "${name}": ${module}.${String(layer['class_name'])} is an operation, which TensorFlow.js has no layer for; build the model with a layer in its place`,
    );
  }
  return isObject(config['dtype']) ? (plain(config) as JsonObject) : config;
}

/** Without what Keras 3 wraps around values: types of numbers, functions by name. */
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

/** Arguments of a call that mean nothing outside of training. */
const idle: ReadonlySet<string> = new Set(['training']);

/**
 * What one call takes, as Keras 2 writes it: a list of [layer, call, output]; initial states come behind the input.
 *
 * @throws UnsupportedError for an argument that is no tensor
 */
export function callFromKeras3({ args, kwargs }: JsonObject, layer: string): unknown[] {
  const named = Object.entries(isObject(kwargs) ? kwargs : {}).filter(
    ([name, value]) => value !== null && !idle.has(name),
  );
  const other = named.map(([name]) => name).filter((name) => name !== 'initial_state');
  if (other.length > 0) {
    throw new UnsupportedError(
      `layer "${layer}": call options ${other.join(', ')} of Keras 3 are not supported; leave them out, or build the model with Keras 2 (tf_keras)`,
    );
  }
  const values = [args, ...named.map(([, value]) => value)].flat(2);
  return values.map((value) => {
    const tensor =
      isObject(value) && isObject(value['config']) ? value['config']['keras_history'] : undefined;
    if (Array.isArray(tensor)) return tensor as unknown[];
    throw new UnsupportedError(
      `layer "${layer}": expected tensors as what it is called with, got ${JSON.stringify(value)}; put a layer in its place`,
    );
  });
}
