import type { TensorLists } from '@onda/contract';
import { DataError, modelFiles, ModelError, ShapeError, tensorNames } from '@onda/contract';
import { checkFeeds } from './checkFeeds.ts';
import { checkSamples } from './checkGeneration.ts';
import { floatOutput } from './floatOutput.ts';
import { floatTensor } from './floatTensor.ts';
import type { FloatTensor } from './floatTensor.ts';
import { generatorForm } from './generatorForm.ts';
import type { GeneratorForm } from './generatorForm.ts';
import { joinColumns, splitColumns } from './stateColumns.ts';
import type { RuntimeTensor, Session } from './session.ts';

/** What a generator that draws its values draws them from. */
export type Draws = SeededDraws | { readonly noise: FloatTensor };

/** The draws of a seed: the same each time. */
export interface SeededDraws {
  readonly seed: bigint;
  /** How many samples were drawn of it before: the draws go on behind theirs. 0 when left out; others only where the form `goesOn`. */
  readonly from?: number;
}

/** A model as far as its generator goes; every manifest is one. */
export interface GeneratorModel {
  readonly name: string;
  /** Null: it has none. */
  readonly tensors: { readonly generator: TensorLists | null };
}

export interface GeneratorCall {
  /** [batch, time, features], or words [batch, time]. */
  readonly prompt: RuntimeTensor;
  /** [batch, state] before the prompt, all states one after the other; zeros when left out. */
  readonly state?: FloatTensor | undefined;
  /** How many values to generate, at least 1. */
  readonly samples: number;
  /** Must be there where the model draws, and only there. */
  readonly draws?: Draws | undefined;
}

export interface GeneratorResult {
  /** [batch, samples, features], or words [batch, samples]. */
  readonly y: RuntimeTensor;
  /** [batch, state] after the last value that was fed; null where the model has no states. */
  readonly state: FloatTensor | null;
}

/**
 * Runs generator.onnx of any model.
 *
 * @throws ShapeError, DataError before anything runs; ModelError if the model has no generator
 */
export async function runGenerator(
  session: Session,
  model: GeneratorModel,
  { prompt, state, samples, draws }: GeneratorCall,
): Promise<GeneratorResult> {
  const { generator } = model.tensors;
  if (generator === null) {
    throw new ModelError(
      `model "${model.name}" has no generator.onnx; only a model whose outputs are its features can generate`,
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
      `state: expected [${batch}, ${stateSize}], a row for each of the prompt, got [${state.dims.join(', ')}]; give the state of an earlier call`,
    );
  }
  if (states.length === 1) {
    const [{ input, size }] = states;
    return { [input]: state ?? floatTensor([batch, size], new Float32Array(batch * size)) };
  }
  const all = state ?? floatTensor([batch, stateSize], new Float32Array(batch * stateSize));
  const sizes = states.map(({ size }) => size);
  const parts = splitColumns(all, sizes);
  return Object.fromEntries(states.map(({ input }, index) => [input, parts[index]]));
}

function stateOf({ states }: GeneratorForm, results: Record<string, RuntimeTensor>): FloatTensor | null {
  if (states.length === 0) return null;
  const parts = states.map(({ output }) => floatOutput(results, output));
  return parts.length === 1 ? parts[0] : joinColumns(parts);
}

/** @throws DataError where the model draws and there is nothing to draw from, or the other way round */
function drawFeeds(
  name: string,
  { draws: source }: GeneratorForm,
  draws: Draws | undefined,
): Record<string, RuntimeTensor> {
  if (source === null) {
    if (draws === undefined) return {};
    throw new DataError(
      `seed: expected none, since model "${name}" draws nothing, got ${'seed' in draws ? draws.seed : 'noise'}; leave it out`,
    );
  }
  if (source.kind === 'noise' && draws !== undefined && 'noise' in draws) return { noise: draws.noise };
  if (source.kind === 'seed' && draws !== undefined && 'seed' in draws) {
    return { seed: seedTensor(name, source.goesOn, draws) };
  }
  throw new DataError(
    `${source.kind}: expected it, since model "${name}" draws its values from it, got ${draws === undefined ? 'nothing' : Object.keys(draws).join()}; give the ${source.kind}`,
  );
}

/** A single number at the start, so that generators which take no more can be called as well. */
function seedTensor(name: string, goesOn: boolean, { seed, from = 0 }: SeededDraws): RuntimeTensor {
  const key = BigInt.asIntN(64, seed);
  if (from === 0) return wholeNumbers(key);
  if (goesOn) return wholeNumbers(key, BigInt(from));
  throw new DataError(
    `seed: expected no samples before the first, since model "${name}" counts its draws from the prompt on, got ${from}; export the generator again`,
  );
}

function wholeNumbers(...values: bigint[]): RuntimeTensor {
  return { type: 'int64', dims: [values.length], data: BigInt64Array.from(values) };
}
