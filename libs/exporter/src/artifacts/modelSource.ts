import type { JsonObject } from './json.ts';
import { isObject } from './json.ts';

/** The framework that made a model; it determines the rules for masks, image resizing and activations. */
export interface ModelSource {
  readonly maker: 'tfjs' | 'keras';
  /** Version of Keras; [0, 0] for TensorFlow.js. */
  readonly version: readonly [major: number, minor: number];
  /** Backend of Keras, such as `tensorflow` or `jax`; empty for TensorFlow.js. */
  readonly backend: string;
}

export const tfjsSource: ModelSource = { maker: 'tfjs', version: [0, 0], backend: '' };

/** Classes of models, which may be nested. */
export const modelClasses: ReadonlySet<string> = new Set(['Sequential', 'Model', 'Functional']);

/** The model of a topology: `{class_name, config}`, or that inside `model_config`. */
export function modelOf(root: JsonObject): JsonObject {
  return isObject(root['model_config']) ? root['model_config'] : root;
}

/**
 * Reads the framework from `keras_version` and `backend` in its topology. TensorFlow.js writes `tfjs-layers 4.22.0`. A topology without a
 * version is assumed to be TensorFlow.js's, or Keras 3's if its calls or dtypes have Keras 3's format.
 */
export function readSource(root: JsonObject, model: JsonObject): ModelSource {
  const text = root['keras_version'] ?? model['keras_version'];
  const backend = root['backend'] ?? model['backend'];
  const numbers = typeof text === 'string' ? /^(\d+)\.(\d+)/.exec(text) : null;
  if (numbers !== null) {
    return {
      maker: 'keras',
      version: [Number(numbers[1]), Number(numbers[2])],
      backend: typeof backend === 'string' ? backend : 'tensorflow',
    };
  }
  if (typeof text === 'string' || !hasKeras3Format(model)) return tfjsSource;
  // The first version that writes dtypes as objects.
  return { maker: 'keras', version: [3, 5], backend: 'tensorflow' };
}

/** Whether a model was made by this version of Keras or a later one. */
export function isKeras({ maker, version }: ModelSource, major = 0, minor = 0): boolean {
  return maker === 'keras' && (version[0] > major || (version[0] === major && version[1] >= minor));
}

function hasKeras3Format({ config }: JsonObject): boolean {
  const layers: unknown = isObject(config) ? config['layers'] : undefined;
  return (
    Array.isArray(layers) &&
    layers.some((layer: unknown) => {
      if (!isObject(layer)) return false;
      const { inbound_nodes: calls, config: options, module } = layer;
      const named = Array.isArray(calls) && isObject(calls[0]);
      const operation = typeof module === 'string' && /^keras\.(src\.)?ops\b/.test(module);
      return named || operation || (isObject(options) && isObject(options['dtype']));
    })
  );
}
