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

/**
 * The tensors of one call in Keras 2's format, a list of [layer, call, output]; initial states follow the input.
 *
 * @throws UnsupportedError for an argument that is not a tensor
 */
export function callFromKeras3({ args, kwargs }: JsonObject, layer: string): unknown[] {
  const named = Object.entries(isObject(kwargs) ? kwargs : {}).filter(
    ([name, value]) => value !== null && !idle.has(name),
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
