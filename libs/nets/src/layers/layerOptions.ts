import type { layers } from '@tensorflow/tfjs-layers';
import { ConfigError } from '@onda/contract';

/** The options of any TensorFlow.js layer. */
export type LayerArgs = NonNullable<ConstructorParameters<typeof layers.Layer>[0]>;

const commonOptions = [
  'inputShape',
  'batchInputShape',
  'batchSize',
  'dtype',
  'name',
  'trainable',
  'weights',
  'inputDType',
] as const satisfies readonly (keyof LayerArgs)[];

/** What TensorFlow.js adds to the options of a layer that it loads. */
const loadingOptions = ['customObjects', 'fastWeightInit'] as const;

/**
 * Checks that a layer knows all the options it is given: one that it left aside, such as `stateful`, would be a wrong result later.
 *
 * @throws ConfigError naming the first that it does not
 */
export function checkOptionNames(layer: string, given: object, own: readonly string[]): void {
  const known: readonly string[] = [...commonOptions, ...loadingOptions, ...own];
  for (const [name, value] of Object.entries(given)) {
    if (known.includes(name) || value === undefined || value === null) continue;
    throw new ConfigError(
      `layer "${layer}": ${name}: this layer has no such option; its own are ${own.join(', ')}: leave it out`,
    );
  }
}

/** @throws ConfigError when an option is something else than true, false or left out */
export function booleanOption(
  layer: string,
  name: string,
  value: boolean | undefined,
  fallback: boolean,
): boolean {
  // A saved model or a JavaScript caller may hold anything.
  const given: unknown = value ?? fallback;
  if (typeof given === 'boolean') return given;
  throw new ConfigError(
    `layer "${layer}": ${name}: expected true or false, got ${JSON.stringify(given)}; set it`,
  );
}
