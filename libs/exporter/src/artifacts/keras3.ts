import type { JsonObject } from './json.ts';
import { isObject } from './json.ts';
import { isOperation } from './kerasOperations.ts';
import { historyOf } from './layerCalls.ts';

/** Activation names whose meaning or spelling differs between Keras 3 and TensorFlow.js: hard_sigmoid is x / 6 + 0.5 in Keras 3. */
const activations: Readonly<Record<string, string>> = {
  hard_sigmoid: 'keras3_hard_sigmoid',
  silu: 'swish',
};

/** Converts layer options from Keras 3's format to that of Keras 2 and TensorFlow.js. */
export function fromKeras3(config: JsonObject): JsonObject {
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

/** Operations that Keras 3 adds to a functional model to compute the masks of Masking and Embedding layers. */
const maskClasses: ReadonlySet<string> = new Set([
  'NotEqual',
  'Any',
  'LogicalAnd',
  'LogicalOr',
  'ExpandDims',
  'Concatenate',
  'ZerosLike',
  'OnesLike',
  'ConvertToTensor',
]);

/**
 * Names of the operations that only compute masks which follow from the layers anyway: comparisons with the mask_value of a Masking layer
 * that reads the same tensor, or with the 0 of an Embedding layer, and what combines them.
 */
export function maskOperations(layers: readonly unknown[]): ReadonlySet<string> {
  const found = layers.filter(isObject);
  const isMask = (layer: JsonObject): boolean =>
    isOperation(layer, true) && maskClasses.has(String(layer['class_name']));
  const sources = found.flatMap(({ class_name, config, inbound_nodes }) => {
    if (!isObject(config) || !Array.isArray(inbound_nodes)) return [];
    const value =
      class_name === 'Masking'
        ? Number(config['mask_value'] ?? 0)
        : class_name === 'Embedding' && config['mask_zero'] === true
          ? 0
          : null;
    return inbound_nodes.map((call: unknown) => `${keyOf(firstArgument(call))}:${value}`);
  });
  const known = new Set(sources);
  const names = new Set<string>();
  for (const layer of found.filter(isMask)) {
    const [call] = Array.isArray(layer['inbound_nodes']) ? (layer['inbound_nodes'] as unknown[]) : [];
    const args: unknown[] = isObject(call) && Array.isArray(call['args']) ? call['args'] : [];
    const follows =
      layer['class_name'] === 'NotEqual'
        ? known.has(`${keyOf(args[0])}:${Number(args[1])}`)
        : /Like$/.test(String(layer['class_name'])) ||
          args
            .flat()
            .filter(isObject)
            .every((value) => names.has(keyOf(value).split(',')[0]));
    if (follows) names.add(String(layer['name']));
  }
  return names;
}

function firstArgument(call: unknown): unknown {
  const args: unknown = isObject(call) ? call['args'] : undefined;
  return Array.isArray(args) ? (args as unknown[])[0] : undefined;
}

/** `layer,call,output` of a tensor; empty for anything else. */
function keyOf(value: unknown): string {
  return historyOf(value)?.join(',') ?? '';
}

/** The operation that computes the mask which a call gets as an argument, or null. */
export function maskOf(call: unknown): string | null {
  const { kwargs } = isObject(call) ? call : {};
  const mask = isObject(kwargs) ? (kwargs['mask'] ?? null) : null;
  return mask === null ? null : keyOf(mask).split(',')[0];
}
