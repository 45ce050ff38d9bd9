import { describeValue } from './jsonBody.ts';
import { readFlag } from './parameters.ts';
import type { Parameters } from './parameters.ts';
import { ProtocolError } from './protocolError.ts';

/** What a request says of the sequence that it is a step of. */
export interface SequenceControl {
  /** 7 and "7" are the same sequence. */
  id: string;
  /** As the client calls it, where a service keeps it under another. */
  ownId?: string;
  start: boolean;
  end: boolean;
  /** Which step this is, from 1, for retries that must not count twice; undefined: the next. */
  step: number | undefined;
}

/** Characters of an id that is text. */
export const MAX_ID_LENGTH = 128;

/**
 * Reads Triton's sequence extension (`sequence_id`, `sequence_start`, `sequence_end`) and Onda's `sequence_step`.
 *
 * @returns undefined without a `sequence_id`, which 0 and "" mean too, as in Triton
 * @throws ProtocolError for controls that do not make sense
 */
export function readSequence(parameters: Parameters): SequenceControl | undefined {
  const start = readFlag(parameters, 'sequence_start', false);
  const end = readFlag(parameters, 'sequence_end', false);
  const { sequence_step: step } = parameters;
  const id = readSequenceId(parameters.sequence_id);
  if (id === undefined) {
    if (!start && !end && step === undefined) return undefined;
    throw malformed(
      'sequence_id: expected a number from 1 or a string with the other sequence parameters, got none; name the sequence',
    );
  }
  if (step !== undefined && (!Number.isSafeInteger(step) || (step as number) < 1)) {
    throw malformed(
      `sequence_step: expected a whole number from 1, got ${describeValue(step)}; count the steps of the sequence`,
    );
  }
  if (start && step !== undefined && step !== 1) {
    throw malformed(
      `sequence_step: expected 1 with sequence_start, got ${describeValue(step)}; leave one of them out`,
    );
  }
  return { id, start, end, step: step as number | undefined };
}

/**
 * Reads a `sequence_id`.
 *
 * @returns undefined for none, which 0 and "" mean too
 * @throws ProtocolError for one that cannot be told from others
 */
export function readSequenceId(id: unknown): string | undefined {
  if (id === undefined || id === 0 || id === '') return undefined;
  if (typeof id === 'string' && isSequenceId(id)) return id;
  // Beyond 2^53 two numbers of JSON may be read as one.
  if (typeof id === 'number' && Number.isSafeInteger(id) && id > 0) return String(id);
  throw malformed(
    `sequence_id: expected a whole number up to 2^53 - 1, or a string of at most ${MAX_ID_LENGTH} characters, got ${describeValue(id)}; send larger numbers as strings`,
  );
}

/** Whether a text can be an id: half of a pair of UTF-16 is no character, and would be another's id in UTF-8. */
export function isSequenceId(id: string): boolean {
  return id !== '' && id.length <= MAX_ID_LENGTH && !/\p{Cs}/u.test(id);
}

function malformed(text: string): ProtocolError {
  return new ProtocolError('malformed', `parameters: ${text}`);
}
