import { reshape, serialization, sign, stridedSlice, Tensor, transpose } from '@tensorflow/tfjs-core';
import { initializers, layers } from '@tensorflow/tfjs-layers';
import { ConfigError } from '@onda/contract';

export type Initializer = ReturnType<typeof initializers.ones>;

/** An initializer of TensorFlow.js, its name, or its saved configuration. */
export type InitializerOption =
  Initializer | InitializerName | { className: string; config: serialization.ConfigDict };

export type InitializerName = keyof typeof named;

/** Initializers without required settings, by TensorFlow.js's names. */
const named = {
  zeros: () => initializers.zeros(),
  ones: () => initializers.ones(),
  glorotNormal: (seed) => initializers.glorotNormal(seed),
  glorotUniform: (seed) => initializers.glorotUniform(seed),
  heNormal: (seed) => initializers.heNormal(seed),
  heUniform: (seed) => initializers.heUniform(seed),
  leCunNormal: (seed) => initializers.leCunNormal(seed),
  leCunUniform: (seed) => initializers.leCunUniform(seed),
  orthogonal: (seed) => initializers.orthogonal(seed),
} satisfies Record<string, (seed: { seed?: number }) => Initializer>;

/**
 * Tensor methods that TensorFlow.js's orthogonal initializer calls. Only its union package and tfjs-node register them; with the core
 * package alone the initializer would throw.
 */
const methods = {
  flatten: (values: Tensor) => reshape(values, [-1]),
  reshape,
  sign,
  stridedSlice,
  transpose,
};
for (const [name, op] of Object.entries(methods)) {
  if (name in Tensor.prototype) continue;
  Object.defineProperty(Tensor.prototype, name, {
    configurable: true,
    writable: true,
    value(this: Tensor, ...rest: unknown[]): Tensor {
      return (op as (tensor: Tensor, ...rest: unknown[]) => Tensor)(this, ...rest);
    },
  });
}

/**
 * Resolves an initializer option of a layer.
 *
 * @param where names the option in the message: `layer "a": kernelInitializer`
 * @param seed  seed of an initializer that is given by name; default: random
 * @throws ConfigError for any other value
 */
export function weightInitializer(option: unknown, where: string, seed?: number): Initializer {
  if (typeof option === 'string' && Object.hasOwn(named, option)) {
    return named[option as InitializerName](seed === undefined ? {} : { seed });
  }
  if (typeof option === 'object' && option !== null) {
    if (isInitializer(option)) return option;
    const { className, config } = option as { className?: string; config?: serialization.ConfigDict };
    const known = serialization.SerializationMap.getMap().classNameMap;
    if (className !== undefined && Object.hasOwn(known, className)) {
      const [kind, fromConfig] = known[className];
      const made: object = fromConfig(kind, config ?? {});
      if (isInitializer(made)) return made;
    }
  }
  throw new ConfigError(
    `${where}: expected an initializer of tf.initializers or one of ${Object.keys(named).join(', ')}, got ${JSON.stringify(option)}; use one of them`,
  );
}

/** Duck-typed: TensorFlow.js does not export the class; its layers have the same methods. */
function isInitializer(value: object): value is Initializer {
  return 'apply' in value && 'getClassName' in value && !(value instanceof layers.Layer);
}

/** The configuration that `weightInitializer` reads from a saved model. */
export function initializerConfig(initializer: Initializer): serialization.ConfigDict {
  return { className: initializer.getClassName(), config: initializer.getConfig() };
}
