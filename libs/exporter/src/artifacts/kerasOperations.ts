import type { JsonObject } from './json.ts';
import { isObject } from './json.ts';
import { modelClasses } from './modelSource.ts';

/** Classes with which Keras 2 records operations outside of layers, such as `x + y` and `x[:, -1]`. */
const operationClasses: ReadonlySet<string> = new Set([
  ...['TFOpLambda', 'SlicingOpLambda', 'TensorFlowOpLayer', 'ClassMethod', 'InstanceMethod'],
]);

/**
 * Whether an entry of a Keras model's layers is an operation outside of layers. Keras 3 gives its module, but not in HDF5 files, where
 * layers have the options `trainable` or `dtype`, and of operations only Cast the latter.
 */
export function isOperation(layer: JsonObject, isKeras3: boolean): boolean {
  const { class_name: className, module, config, inbound_nodes: calls } = layer;
  const name = String(className);
  if (operationClasses.has(name) || /^keras\.(src\.)?ops\b/.test(String(module))) return true;
  if (!isKeras3 || module !== undefined || !Array.isArray(calls) || !isObject(config)) return false;
  const typed = (config['dtype'] ?? null) !== null && name !== 'Cast';
  return !typed && !Object.hasOwn(config, 'trainable') && !modelClasses.has(name);
}

/** TensorFlow's and Keras 3's names of operations, where they differ from the exporter's. */
const aliases: Readonly<Record<string, string>> = {
  absolute: 'abs',
  clip_by_value: 'clip',
  concat: 'concatenate',
  expanddims: 'expand_dims',
  get_item: 'getitem',
  mul: 'multiply',
  neg: 'negative',
  pow: 'power',
  reduce_max: 'max',
  reduce_mean: 'mean',
  reduce_min: 'min',
  reduce_sum: 'sum',
  sub: 'subtract',
  true_divide: 'divide',
  truediv: 'divide',
};

/** An operation as the options of a layer of class `Operation`: `function`, and what Keras 3 has in its options. */
export function operationConfig(layer: JsonObject): JsonObject {
  const className = String(layer['class_name']);
  const config = isObject(layer['config']) ? layer['config'] : {};
  const { function: given } = config;
  const own = Object.entries(config).filter(
    ([key]) => !['name', 'trainable', 'dtype', 'function'].includes(key),
  );
  const isKeras2 = operationClasses.has(className);
  const full = isKeras2
    ? typeof given === 'string'
      ? given
      : className
    : `${typeof layer['module'] === 'string' ? layer['module'] : 'keras.ops'}.${className}`;
  const last = full.slice(full.lastIndexOf('.') + 1);
  const plain = isKeras2 ? last : last.replaceAll(/([a-z])([A-Z])/g, '$1_$2').toLowerCase();
  const dtype = plain === 'cast' ? { dtype: config['dtype'] } : {};
  return {
    function: aliases[plain] ?? plain,
    full,
    ...(isKeras2 ? {} : { ...Object.fromEntries(own), ...dtype }),
  };
}
