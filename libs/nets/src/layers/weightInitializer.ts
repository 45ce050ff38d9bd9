import { serialization } from '@tensorflow/tfjs-core';
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
  glorotNormal: () => initializers.glorotNormal({}),
  glorotUniform: () => initializers.glorotUniform({}),
  heNormal: () => initializers.heNormal({}),
  heUniform: () => initializers.heUniform({}),
  leCunNormal: () => initializers.leCunNormal({}),
  leCunUniform: () => initializers.leCunUniform({}),
  orthogonal: () => initializers.orthogonal({}),
} satisfies Record<string, () => Initializer>;

/**
 * Resolves an initializer option of a layer.
 *
 * @param where names the option in the message: `layer "a": kernelInitializer`
 * @throws ConfigError for any other value
 */
export function weightInitializer(option: unknown, where: string): Initializer {
  if (typeof option === 'string' && Object.hasOwn(named, option)) return named[option as InitializerName]();
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
