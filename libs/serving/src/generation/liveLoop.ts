import { drawKeys } from '@onda/contract';
import { ProtocolError } from '@onda/protocol';
import type { GenerateFrom } from '@onda/protocol';
import { drawValue, floatTensor } from '@onda/runtime';
import { checkRunSize } from '../admission.ts';
import type { ServedModel } from '../servedModel.ts';
import { named } from '../sequences/sequenceErrors.ts';
import type { LiveSequence } from '../sequences/sequenceState.ts';
import { readDraws } from './draws.ts';
import type { GenerationPlan } from './generationPlan.ts';
import type { Generator } from './generator.ts';
import { withoutGenerator } from './withoutGenerator.ts';
import { takeSamples } from './timeAxis.ts';
import type { Samples } from './timeAxis.ts';

/**
 * The closed loop of a live sequence, which stays where it is.
 *
 * Its last outputs, as many as the model's lag, lie ahead of what was fed: they are the first values, and the prompt of the rest.
 *
 * @param found the sequence, and the version it lives on
 * @throws ProtocolError 400, 409 or 413; DataError for a seed that does not fit
 */
export function liveLoop(
  { model, sequence }: { model: ServedModel; sequence: LiveSequence },
  asked: GenerateFrom,
): GenerationPlan {
  const { generator, steps } = model;
  const { layout } = steps;
  if (generator === null) throw withoutGenerator(model);
  if (layout.recent === undefined) {
    throw new ProtocolError(
      'malformed',
      `model "${model.name}": its generator does not go on from its sequences' states; generate from a prompt`,
    );
  }
  const { lag } = layout.recent;
  if (sequence.samples < lag) {
    throw new ProtocolError(
      'conflict',
      `${named(asked.id)}: expected at least ${lag} samples, as many as the model looks ahead, got ${sequence.samples}; step it further before it generates`,
    );
  }
  checkRunSize(model, 1, lag + asked.samples);
  // The values that lie ahead are drawn here and the rest in the graph, which counts its draws from 0 as well: it gets another seed.
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

/** The values that lie ahead, made of the outputs [lag, outputs] as the generator makes them: [1, lag, features], or words [1, lag]. */
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
