import type { Tensor } from '@tensorflow/tfjs-core';
import type { layers } from '@tensorflow/tfjs-layers';
import { ConfigError, ShapeError } from '@onda/contract';

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

/** Options that TensorFlow.js adds when it loads a layer. */
const loadingOptions = ['customObjects', 'fastWeightInit'] as const;

/**
 * Rejects unknown options: ignoring one, such as `stateful`, would give wrong results.
 *
 * @throws ConfigError naming the first unknown option
 */
export function checkOptionNames(layer: string, given: object, own: readonly string[]): void {
  const known: readonly string[] = [...commonOptions, ...loadingOptions, ...own];
  for (const [name, value] of Object.entries(given)) {
    if (known.includes(name) || value === undefined || value === null) continue;
    throw new ConfigError(`layer "${layer}": ${name}: expected one of ${own.join(', ')}; leave it out`);
  }
}

/** @throws ConfigError for a value other than true, false or undefined */
export function booleanOption(
  layer: string,
  name: string,
  value: boolean | undefined,
  fallback: boolean,
): boolean {
  // Saved models and JavaScript callers are not type-checked.
  const given: unknown = value ?? fallback;
  if (typeof given === 'boolean') return given;
  throw new ConfigError(
    `layer "${layer}": ${name}: expected true or false, got ${JSON.stringify(given)}; set it`,
  );
}

type ApplyArguments = Parameters<layers.Layer['apply']>;

/**
 * The arguments of `apply` with the option `initialState` moved to the list of inputs, after x, where our layers expect it.
 *
 * @throws ConfigError for a mask: masking is not supported
 */
export function callInputs(layer: string, ...[inputs, options]: ApplyArguments): ApplyArguments {
  const { initialState, mask, ...others } = options ?? {};
  if ([mask].flat().some((part) => part !== undefined && part !== null)) {
    throw new ConfigError(
      `layer "${layer}": expected no mask, got one from the layers below; remove the masking and pass sequences of equal length`,
    );
  }
  if (initialState === undefined || initialState === null) return [inputs, options];
  return [[inputs, initialState].flat() as Tensor[], others];
}

/**
 * Checks the inputs of a built recurrent layer: x [batch, time, features], and initial states, each [batch, units].
 *
 * @param states names of the states, in order: `h`, `c`
 * @throws ShapeError naming the layer, the expected shape and the given one
 */
export function checkSequence(
  layer: string,
  [x, ...given]: readonly Tensor[],
  { features, units, states }: { features: number; units: number; states: readonly string[] },
): void {
  const fits = x.shape.length === 3 && x.shape[2] === features && x.shape.every((size) => size >= 1);
  if (!fits) {
    throw new ShapeError(
      `layer "${layer}": expected x of shape [batch, time, ${features}] with every dim at least 1, got [${x.shape.join(', ')}]; pass the features that the layer was built with`,
    );
  }
  checkFloats(layer, 'x', x);
  if (given.length === 0) return;
  if (given.length !== states.length) {
    throw new ShapeError(
      `layer "${layer}": expected x alone or x and ${states.join(' and ')}, got ${given.length + 1} inputs; pass the complete initial state or none`,
    );
  }
  for (const [index, state] of given.entries()) {
    const [rows, columns] = state.shape;
    if (state.shape.length !== 2 || rows !== x.shape[0] || columns !== units) {
      throw new ShapeError(
        `layer "${layer}": expected initial state ${states[index]} of shape [batch, units] = [${x.shape[0]}, ${units}], got [${state.shape.join(', ')}]; pass one row of units per sequence of x`,
      );
    }
    checkFloats(layer, `initial state ${states[index]}`, state);
  }
}

function checkFloats(layer: string, what: string, { dtype }: Tensor): void {
  if (dtype === 'float32') return;
  throw new ShapeError(`layer "${layer}": expected ${what} in float32, got ${dtype}; cast it`);
}
