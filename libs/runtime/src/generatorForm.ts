import { ModelError, seedDim, tensorNames } from '@onda/contract';
import type { TensorLists, TensorSpec } from '@onda/contract';
import { shapeText } from './shapeText.ts';

/** A state of a generator, [batch, size]. */
export interface GeneratorState {
  readonly input: string;
  readonly output: string;
  readonly size: number;
}

/** A seed, or noise of so many numbers a sample. A seed's draws go on behind samples that came before, or begin with each prompt. */
export type DrawSource =
  { readonly kind: 'seed'; readonly goesOn: boolean } | { readonly kind: 'noise'; readonly width: number };

/** What a generator takes and gives, as its tensors tell it. */
export interface GeneratorForm {
  /** Values of one sample: `x` is float32 [batch, time, features]; undefined: words, [batch, time]. */
  readonly features: number | undefined;
  /** The type of `x` and `y`. */
  readonly type: 'float32' | 'int32';
  /** `state_in` and `state_out`, or each state by itself; none where the model keeps none. */
  readonly states: readonly GeneratorState[];
  /** Numbers of all states of one row. */
  readonly stateSize: number;
  /** What values are drawn from; null: nothing is drawn. */
  readonly draws: DrawSource | null;
}

/**
 * Reads how a generator is called from its tensors: `x`, `samples`, its states, `seed` or `noise`; `y` and the states after it.
 *
 * @param file what to call it in an error: `generator.onnx`
 * @throws ModelError for tensors that are no generator's
 */
export function generatorForm({ inputs, outputs }: TensorLists, file: string): GeneratorForm {
  const find = (tensors: readonly TensorSpec[], name: string): TensorSpec => {
    const found = tensors.find((tensor) => tensor.name === name);
    if (found) return found;
    throw new ModelError(
      `${file}: expected a tensor "${name}", got ${tensors.map((tensor) => `"${tensor.name}"`).join(', ')}; export the generator again`,
    );
  };
  const x = find(inputs, tensorNames.input);
  const y = find(outputs, tensorNames.output);
  const features = x.shape.length === 3 ? x.shape[2] : undefined;
  const rank = typeof features === 'number' ? 3 : 2;
  if ((x.type !== 'float32' && x.type !== 'int32') || x.shape.length !== rank || y.shape.length !== rank) {
    throw new ModelError(
      `${file}: expected "x" and "y" as numbers [batch, time, features] or words [batch, time], got ${x.type} ${shapeText(x.shape)} and ${y.type} ${shapeText(y.shape)}; export the generator again`,
    );
  }
  find(inputs, tensorNames.samples);
  const states = statesOf(inputs, outputs, file);
  return {
    features: typeof features === 'number' ? features : undefined,
    type: x.type,
    states,
    stateSize: states.reduce((sum, { size }) => sum + size, 0),
    draws: drawsOf(inputs),
  };
}

const others: readonly string[] = [
  tensorNames.input,
  tensorNames.samples,
  tensorNames.seed,
  tensorNames.noise,
];

/** What goes in besides the call's own tensors and what comes out besides `y` are states, in one order. */
function statesOf(
  inputs: readonly TensorSpec[],
  outputs: readonly TensorSpec[],
  file: string,
): GeneratorState[] {
  const before = inputs.filter(({ name }) => !others.includes(name));
  const after = outputs.filter(({ name }) => name !== tensorNames.output);
  return before.map(({ name, type, shape }, index) => {
    const next = after.at(index);
    const [, size] = shape;
    const fits = type === 'float32' && shape.length === 2 && typeof size === 'number';
    if (next?.type !== type || next.shape.length !== 2 || next.shape[1] !== size || !fits) {
      throw new ModelError(
        `${file}: input "${name}": expected a state float32 [batch, size] that comes out as it goes in, got ${type} ${shapeText(shape)} and ${next === undefined ? 'nothing' : `"${next.name}" ${next.type} ${shapeText(next.shape)}`}; export the generator again`,
      );
    }
    return { input: name, output: next.name, size };
  });
}

function drawsOf(inputs: readonly TensorSpec[]): GeneratorForm['draws'] {
  const seed = inputs.find(({ name }) => name === tensorNames.seed);
  if (seed) return { kind: 'seed', goesOn: seed.shape[0] === seedDim };
  const noise = inputs.find(({ name }) => name === tensorNames.noise);
  return noise ? { kind: 'noise', width: Number(noise.shape[2]) } : null;
}
