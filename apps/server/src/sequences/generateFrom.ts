import { encodeGenerateResponse, ProtocolError } from '@onda/protocol';
import type { GenerateFrom } from '@onda/protocol';
import { floatTensor, generate } from '@onda/runtime';
import type { FloatTensor } from '@onda/runtime';
import { checkRunSize } from '../admission.ts';
import type { ServedModel } from '../servedModel.ts';
import { named } from './sequenceErrors.ts';
import type { LiveSequence } from './sequenceState.ts';

/**
 * What the closed loop of a live sequence gives next, as JSON; the sequence stays where it is.
 *
 * Its last outputs, as many as the model's lag, lie ahead of what was fed: they are the first values, and the prompt of the rest.
 *
 * @param found the sequence, and the version it lives on
 * @throws ProtocolError 400, 409 or 413; what the generator throws
 */
export async function generateFrom(
  { model, sequence }: { model: ServedModel; sequence: LiveSequence },
  { id, samples }: GenerateFrom,
): Promise<string> {
  const { generator, steps } = model;
  const { layout } = steps;
  if (generator === null || layout.recent === undefined) {
    throw new ProtocolError(
      'malformed',
      `model "${model.name}" has no generator: its outputs are not its inputs; use infer`,
    );
  }
  const { lag, width } = layout.recent;
  if (sequence.samples < lag) {
    throw new ProtocolError(
      'conflict',
      `${named(id)}: expected at least ${lag} samples, as many as the model looks ahead, got ${sequence.samples}; step it further before it generates`,
    );
  }
  checkRunSize(model, 1, lag + samples);
  const first = floatTensor([1, lag, width], layout.recentOf(sequence.row));
  const more = samples - lag;
  const { state_in: state } = layout.feeds([sequence.row]);
  const rest =
    more > 0
      ? (await generate(generator.session, generator.manifest, first, state as FloatTensor, more)).y.data
      : [];
  const values = [...first.data, ...rest].slice(0, samples * width);
  return encodeGenerateResponse({
    modelName: model.name,
    modelVersion: model.version,
    values: floatTensor([1, samples, width], values),
    nesting: width === 1 ? 1 : 2,
    state: undefined,
  });
}
