import type { NetManifest, TensorLists, TensorSpec } from '@onda/contract';
import { DataError, ModelError, modelFiles, seedDim, ShapeError, tensorNames } from '@onda/contract';
import { checkFeeds } from './checks.ts';
import { checkPrompt, checkSamples } from './closedLoop.ts';
import { joinColumns, splitColumns } from './packStates.ts';
import type { StepResult } from './sequenceModel.ts';
import { zeroState } from './sequenceModel.ts';
import type { RuntimeTensor, Session } from './session.ts';
import type { FloatTensor } from './tensors.ts';
import { floatOutput, floatTensor, shapeText } from './tensors.ts';

/**
 * Closed-loop generation by generator.onnx, with the loop inside the graph.
 *
 * @param session  session of generator.onnx
 * @param prompt   [batch, time, features], time at least the lag
 * @param state    state before the prompt, [batch, state]; default zeros
 * @param samples  number of values to generate, at least 1
 * @param draws    seed or noise of a model that samples its values
 * @returns `y` [batch, samples, outputs], starting with the first value after the prompt, and `state` after the last input: to continue,
 *   pass the last `lag` values of `y` as prompt
 * @throws ShapeError, DataError for invalid arguments; ModelError if the model has no generator
 */
export async function generate(
  session: Session,
  manifest: NetManifest,
  prompt: FloatTensor,
  state: FloatTensor | undefined,
  samples: number,
  draws?: Draws,
): Promise<StepResult> {
  if (manifest.tensors.generator !== null) checkPrompt(prompt, manifest.lag);
  const call = { prompt, state, samples, draws };
  const { y, state: after } = await runGenerator(session, manifest, call);
  return {
    y: floatOutput({ [tensorNames.output]: y }, tensorNames.output),
    state: after ?? zeroState(manifest, prompt.dims[0]),
  };
}

/** Source of randomness of a generator that samples its values. */
export type Draws = SeededDraws | { readonly noise: FloatTensor };

/** A seed: equal seeds give equal values. */
interface SeededDraws {
  readonly seed: bigint;
  /** Number of samples generated from the seed before; default 0. Other values only if the form `continues`. */
  readonly from?: number;
}

/** The part of a manifest that describes the generator. */
export interface GeneratorModel {
  readonly name: string;
  /** Null without a generator. */
  readonly tensors: { readonly generator: TensorLists | null };
}

export interface GeneratorCall {
  /** [batch, time, features], or token ids [batch, time]. */
  readonly prompt: RuntimeTensor;
  /** State before the prompt, all states packed, [batch, state]; default zeros. */
  readonly state?: FloatTensor | undefined;
  /** Number of values to generate, at least 1. */
  readonly samples: number;
  /** Required if the model samples its values, else not allowed. */
  readonly draws?: Draws | undefined;
}

export interface GeneratorResult {
  /** [batch, samples, features], or token ids [batch, samples]. */
  readonly y: RuntimeTensor;
  /** State after the last input, [batch, state]; null for a stateless model. */
  readonly state: FloatTensor | null;
}

/**
 * Runs generator.onnx of any model.
 *
 * @throws ShapeError, DataError for invalid arguments; ModelError if the model has no generator
 */
export async function runGenerator(
  session: Session,
  model: GeneratorModel,
  { prompt, state, samples, draws }: GeneratorCall,
): Promise<GeneratorResult> {
  const { generator } = model.tensors;
  if (generator === null) {
    throw new ModelError(
      `model "${model.name}": expected generator.onnx, got none; only a model that predicts its own inputs can generate`,
    );
  }
  checkSamples(samples);
  const form = generatorForm(generator, modelFiles.generator);
  const feeds: Record<string, RuntimeTensor> = {
    [tensorNames.input]: prompt,
    ...stateFeeds(form, prompt.dims[0], state),
    [tensorNames.samples]: wholeNumbers(BigInt(samples)),
    ...drawFeeds(model.name, form, draws),
  };
  checkFeeds(generator.inputs, feeds, { finite: true });
  const results = await session.run(feeds);
  return { y: results[tensorNames.output], state: stateOf(form, results) };
}

function stateFeeds(
  { states, stateSize }: GeneratorForm,
  batch: number,
  state: FloatTensor | undefined,
): Record<string, FloatTensor> {
  if (state !== undefined && (state.dims[0] !== batch || state.dims[1] !== stateSize)) {
    throw new ShapeError(
      `state: expected [${batch}, ${stateSize}], one row per prompt, got [${state.dims.join(', ')}]; pass the state of an earlier call`,
    );
  }
  if (states.length === 1) {
    const [{ input, size }] = states;
    return { [input]: state ?? floatTensor([batch, size], new Float32Array(batch * size)) };
  }
  const all = state ?? floatTensor([batch, stateSize], new Float32Array(batch * stateSize));
  const parts = splitColumns(all, states);
  return Object.fromEntries(states.map(({ input }, index) => [input, parts[index]]));
}

function stateOf({ states }: GeneratorForm, results: Record<string, RuntimeTensor>): FloatTensor | null {
  if (states.length === 0) return null;
  const parts = states.map(({ output }) => floatOutput(results, output));
  return parts.length === 1 ? parts[0] : joinColumns(parts, states);
}

/** @throws DataError if the model samples and no source of randomness is given, or the reverse */
function drawFeeds(
  name: string,
  { draws: source }: GeneratorForm,
  draws: Draws | undefined,
): Record<string, RuntimeTensor> {
  if (source === null) {
    if (draws === undefined) return {};
    throw new DataError(
      `seed: expected none, because model "${name}" does not sample its values, got ${'seed' in draws ? draws.seed : 'noise'}; omit it`,
    );
  }
  if (source.kind === 'noise' && draws !== undefined && 'noise' in draws) return { noise: draws.noise };
  if (source.kind === 'seed' && draws !== undefined && 'seed' in draws) {
    return { seed: seedTensor(name, source.continues, draws) };
  }
  throw new DataError(
    `${source.kind}: expected one, because model "${name}" samples its values, got ${draws === undefined ? 'nothing' : Object.keys(draws).join()}; pass the ${source.kind}`,
  );
}

/** One number for `from` 0, for generators whose seed has only one. */
function seedTensor(name: string, continues: boolean, { seed, from = 0 }: SeededDraws): RuntimeTensor {
  const key = BigInt.asIntN(64, seed);
  if (from === 0) return wholeNumbers(key);
  if (continues) return wholeNumbers(key, BigInt(from));
  throw new DataError(
    `seed: expected no earlier samples, because the random numbers of model "${name}" start over with each prompt, got ${from}; export the generator again`,
  );
}

function wholeNumbers(...values: bigint[]): RuntimeTensor {
  return { type: 'int64', dims: [values.length], data: BigInt64Array.from(values) };
}

/** A state tensor of a generator, [batch, size]. */
export interface GeneratorState {
  readonly input: string;
  readonly output: string;
  /** Position in the row of all states. */
  readonly offset: number;
  readonly size: number;
}

/**
 * A seed, or noise with `width` numbers per sample. With `continues`, the random numbers of a seed can continue after earlier samples;
 * otherwise they start over with each prompt.
 */
type DrawSource =
  { readonly kind: 'seed'; readonly continues: boolean } | { readonly kind: 'noise'; readonly width: number };

/** Inputs and outputs of a generator, derived from its tensors. */
export interface GeneratorForm {
  /** Number of features: `x` is float32 [batch, time, features]; undefined for token ids, [batch, time]. */
  readonly features: number | undefined;
  /** The type of `x` and `y`. */
  readonly type: 'float32' | 'int32';
  /** `state_in` and `state_out`, or the separate states; empty for a stateless model. */
  readonly states: readonly GeneratorState[];
  /** Total size of all states. */
  readonly stateSize: number;
  /** Source of randomness; null if values are not sampled. */
  readonly draws: DrawSource | null;
}

/**
 * Derives the form of a generator from its tensors: inputs `x`, `samples`, states, `seed` or `noise`; outputs `y` and states.
 *
 * @param file name of the file in errors: `generator.onnx`
 * @throws ModelError if these are not the tensors of a generator
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
      `${file}: expected "x" and "y" as numbers [batch, time, features] or token ids [batch, time], got ${x.type} ${shapeText(x.shape)} and ${y.type} ${shapeText(y.shape)}; export the generator again`,
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

/** All other inputs, and all outputs but `y`, are states in the same order. */
function statesOf(
  inputs: readonly TensorSpec[],
  outputs: readonly TensorSpec[],
  file: string,
): GeneratorState[] {
  const before = inputs.filter(({ name }) => !others.includes(name));
  const after = outputs.filter(({ name }) => name !== tensorNames.output);
  let offset = 0;
  return before.map(({ name, type, shape }, index) => {
    const next = after.at(index);
    const [, size] = shape;
    const fits = type === 'float32' && shape.length === 2 && typeof size === 'number';
    if (next?.type !== type || next.shape.length !== 2 || next.shape[1] !== size || !fits) {
      throw new ModelError(
        `${file}: input "${name}": expected a state float32 [batch, size] with an output of the same shape, got ${type} ${shapeText(shape)} and ${next === undefined ? 'nothing' : `"${next.name}" ${next.type} ${shapeText(next.shape)}`}; export the generator again`,
      );
    }
    offset += size;
    return { input: name, output: next.name, offset: offset - size, size };
  });
}

function drawsOf(inputs: readonly TensorSpec[]): GeneratorForm['draws'] {
  const seed = inputs.find(({ name }) => name === tensorNames.seed);
  if (seed) return { kind: 'seed', continues: seed.shape[0] === seedDim };
  const noise = inputs.find(({ name }) => name === tensorNames.noise);
  return noise ? { kind: 'noise', width: Number(noise.shape[2]) } : null;
}
