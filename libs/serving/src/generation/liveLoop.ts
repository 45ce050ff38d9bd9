import { randomInt } from 'node:crypto';
import { DataError, drawKeys } from '@onda/contract';
import { ProtocolError } from '@onda/protocol';
import type { GenerateFrom, GenerateRequest, Nesting } from '@onda/protocol';
import { drawNoise, drawValue, floatTensor } from '@onda/runtime';
import type { Draws } from '@onda/runtime';
import { joinSamples, takeSamples } from './closedLoop.ts';
import type { ClosedLoop, Samples } from './closedLoop.ts';
import type { Generator } from './generator.ts';
import { checkRunSize } from '../limits.ts';
import type { ServedModel } from '../models/servedModel.ts';
import { named } from '../sequences/sequenceErrors.ts';
import type { LiveSequence } from '../sequences/sequenceStore.ts';

/** A checked generate request. */
export interface GenerationPlan {
  /** The version that runs it. */
  readonly model: ServedModel;
  /** The first values if they are known without a run. */
  readonly ahead: Samples | undefined;
  /** Generates the rest. */
  readonly loop: ClosedLoop;
  readonly nesting: Nesting;
  readonly returnState: boolean;
  /** The seed, for the response; undefined: nothing is drawn from a seed. */
  readonly seed: bigint | undefined;
}

/**
 * The closed loop that starts from a live sequence; the sequence does not change.
 *
 * The last outputs, as many as the model's lag, are ahead of the fed samples: they are the first values and the prompt of the rest.
 *
 * @param found the sequence and its version
 * @throws ProtocolError 400, 409 or 413; DataError for a seed that does not fit
 */
export function liveLoop(
  { model, sequence }: { model: ServedModel; sequence: LiveSequence },
  generator: Generator,
  asked: GenerateFrom,
): GenerationPlan {
  const { layout } = model;
  if (layout.recent === undefined) {
    throw new ProtocolError(
      'malformed',
      `model "${model.name}": its generator does not continue from its sequences' states; generate from a prompt`,
    );
  }
  const { lag } = layout.recent;
  if (sequence.samples < lag) {
    throw new ProtocolError(
      'conflict',
      `${named(asked.id)}: expected at least ${lag} samples, as many as the model looks ahead, got ${sequence.samples}; send further steps first`,
    );
  }
  checkRunSize(model, 1, lag + asked.samples);
  // The first values are drawn here, the rest in the graph. The graph also counts its draws from 0, so it gets another seed.
  const head = readDraws(model.name, generator, asked, [1, lag]);
  const rest = readDraws(model.name, generator, { ...asked, seed: head.seed && ~head.seed }, [
    1,
    asked.samples,
  ]);
  const outputs = layout.recentOf(sequence.row);
  const ahead = aheadOf(generator, outputs, lag, head.seed ?? 0n);
  const parts = Object.values(layout.feeds([sequence.row])).map(({ data }) => data as Float32Array);
  const state = Float32Array.from(parts.flatMap((part) => Array.from(part)));
  const { features } = generator.form;
  return {
    model,
    ahead: takeSamples(ahead, 0, Math.min(lag, asked.samples)),
    loop: {
      generator,
      prompt: ahead,
      state: floatTensor([1, state.length], state),
      draws: rest.draws,
      samples: Math.max(0, asked.samples - lag),
    },
    nesting: features === undefined || features === 1 ? 1 : 2,
    returnState: false,
    seed: head.seed,
  };
}

/** The values for the outputs [lag, outputs], computed as in the generator: [1, lag, features], or words [1, lag]. */
function aheadOf(
  { form: { type, features }, sampling }: Generator,
  outputs: Float32Array,
  lag: number,
  seed: bigint,
): Samples {
  const width = outputs.length / lag;
  const keys = drawKeys(seed);
  const values = Array.from({ length: lag }, (_, sample) => {
    const row = Array.from(outputs.subarray(sample * width, (sample + 1) * width));
    if (sampling === null || sampling === undefined) return row;
    const value = drawValue(sampling, keys, row, 0, sample);
    return features === undefined ? [value.indexOf(1)] : value;
  }).flat();
  const dims = features === undefined ? [1, lag] : [1, lag, features];
  return type === 'float32' ? floatTensor(dims, values) : { type, dims, data: Int32Array.from(values) };
}

/** The maximum of `randomInt`. */
const SEEDS = 2 ** 48 - 1;

/**
 * What a generator draws from. A request may name a seed; otherwise one is chosen.
 *
 * A run needs draws for at least `lag` samples, so noise is extended to that length.
 *
 * @returns the seed for the response; undefined if nothing is drawn, or the client sent noise
 * @throws DataError for a seed or noise that does not fit
 */
export function readDraws(
  name: string,
  { form, lag, sampling }: Generator,
  asked: Pick<GenerateRequest, 'seed'> & Partial<Pick<GenerateRequest, 'noise'>>,
  [batch, samples]: readonly [batch: number, samples: number],
): { draws: Draws | undefined; seed: bigint | undefined } {
  const { seed: given, noise } = asked;
  if (form.draws === null) {
    if (given === undefined) return { draws: undefined, seed: undefined };
    throw new DataError(
      `seed: expected none, since model "${name}" draws nothing, got ${given}; leave it out`,
    );
  }
  if (noise !== undefined) {
    if (given !== undefined) {
      throw new DataError('noise: expected none beside a seed, got both; leave one of them out');
    }
    const { dims } = noise;
    const beyond = floatTensor([batch, lag, dims[2]], new Float32Array(batch * lag * dims[2]).fill(0.5));
    return { draws: { noise: joinSamples(noise, beyond) as typeof noise }, seed: undefined };
  }
  if (form.draws.kind === 'noise' && !sampling) {
    throw new DataError(
      `noise: expected the draws of each sample, since model "${name}" has no sampling for a seed, got none; send noise`,
    );
  }
  const seed = given ?? BigInt(randomInt(SEEDS));
  if (form.draws.kind === 'seed' || !sampling) return { draws: { seed }, seed };
  const shape = [batch, samples + lag, form.draws.width] as const;
  return { draws: { noise: drawNoise(sampling, drawKeys(seed), shape) }, seed };
}
