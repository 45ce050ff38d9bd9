import type { Manifest } from '@onda/contract';
import { DataError, drawsAny, ModelError, tensorNames } from '@onda/contract';
import { checkFeeds } from './checkFeeds.ts';
import { checkSamples } from './checkGeneration.ts';
import { floatOutput } from './floatOutput.ts';
import { floatTensor } from './floatTensor.ts';
import type { FloatTensor } from './floatTensor.ts';
import type { RuntimeTensor, Session } from './session.ts';

/** What a generator that draws its values draws them from. */
export type Draws = { readonly seed: bigint } | { readonly noise: FloatTensor };

export interface GeneratorCall {
  /** [batch, time, features], or words [batch, time]. */
  readonly prompt: RuntimeTensor;
  /** [batch, state] before the prompt, of a model whose states are one row; zeros when left out. */
  readonly state?: FloatTensor | undefined;
  /** How many values to generate, at least 1. */
  readonly samples: number;
  /** Must be there where the model draws, and only there. */
  readonly draws?: Draws | undefined;
}

export interface GeneratorResult {
  /** [batch, samples, features], or words [batch, samples]. */
  readonly y: RuntimeTensor;
  /** After the last value that was fed; null where the model has no states, or each as a tensor of its own. */
  readonly state: FloatTensor | null;
}

/**
 * Runs generator.onnx of any model.
 *
 * @throws ShapeError, DataError before anything runs; ModelError if the model has no generator
 */
export async function runGenerator(
  session: Session,
  manifest: Manifest,
  { prompt, state, samples, draws }: GeneratorCall,
): Promise<GeneratorResult> {
  const { generator } = manifest.tensors;
  if (generator === null) {
    throw new ModelError(
      `model "${manifest.name}" has no generator.onnx; only a model whose outputs are its features can generate`,
    );
  }
  checkSamples(samples);
  const feeds: Record<string, RuntimeTensor> = {
    [tensorNames.input]: prompt,
    ...stateFeeds(manifest, prompt.dims[0], state),
    [tensorNames.samples]: wholeNumber(BigInt(samples)),
    ...drawFeeds(manifest, draws),
  };
  checkFeeds(generator.inputs, feeds, { finite: true });
  const results = await session.run(feeds);
  const row = manifest.state !== null && !('packing' in manifest.state);
  return {
    y: results[tensorNames.output],
    state: row ? floatOutput(results, tensorNames.stateOut) : null,
  };
}

function stateFeeds(
  { state: layout }: Manifest,
  batch: number,
  state: FloatTensor | undefined,
): Record<string, FloatTensor> {
  const zeros = (size: number): FloatTensor => floatTensor([batch, size], new Float32Array(batch * size));
  if (layout === null) return {};
  if (!('packing' in layout)) return { [tensorNames.stateIn]: state ?? zeros(layout.size) };
  return Object.fromEntries(layout.rows.map(({ input, size }) => [input, zeros(size)]));
}

/** @throws DataError where the model draws and there is nothing to draw from, or the other way round */
function drawFeeds({ name, sampling }: Manifest, draws: Draws | undefined): Record<string, RuntimeTensor> {
  if (!drawsAny(sampling)) {
    if (draws === undefined) return {};
    throw new DataError(
      `seed: expected none, since model "${name}" draws nothing, got ${'seed' in draws ? draws.seed : 'noise'}; leave it out`,
    );
  }
  if (sampling.source === 'noise' && draws !== undefined && 'noise' in draws) return { noise: draws.noise };
  if (sampling.source === 'seed' && draws !== undefined && 'seed' in draws) {
    return { seed: wholeNumber(BigInt.asIntN(64, draws.seed)) };
  }
  throw new DataError(
    `${sampling.source}: expected it, since model "${name}" draws its values from it, got ${draws === undefined ? 'nothing' : Object.keys(draws).join()}; give the ${sampling.source}`,
  );
}

function wholeNumber(value: bigint): RuntimeTensor {
  return { type: 'int64', dims: [1], data: BigInt64Array.of(value) };
}
