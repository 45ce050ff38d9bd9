import { clipped } from '@onda/contract';
import { describeValue, isObject } from './jsonBody.ts';
import { ProtocolError } from './protocolError.ts';

/** `parameters` of a request, an input or an output: a string, a number or a boolean under each name. */
export type Parameters = Readonly<Partial<Record<string, string | number | boolean>>>;

export const noParameters: Parameters = Object.freeze({});

/**
 * @param where name in errors of the part that has them; undefined: the request
 * @throws ProtocolError if it is not an object, or a value has another type
 */
export function readParameters(value: unknown, where: string | undefined): Parameters {
  if (value === undefined) return noParameters;
  const path = where === undefined ? 'parameters' : `${where}: parameters`;
  if (!isObject(value)) {
    throw new ProtocolError(
      'malformed',
      `${path}: expected an object, got ${describeValue(value)}; remove it`,
    );
  }
  for (const name in value) {
    const parameter = value[name];
    if (typeof parameter !== 'string' && typeof parameter !== 'number' && typeof parameter !== 'boolean') {
      throw new ProtocolError(
        'malformed',
        `${path}: ${clipped(name)}: expected a string, a number, true or false, got ${describeValue(parameter)}; correct it`,
      );
    }
  }
  return value as Parameters;
}

/** @throws ProtocolError unless the parameter is absent or a boolean */
export function readFlag(parameters: Parameters, name: string, otherwise: boolean): boolean {
  if (!Object.hasOwn(parameters, name)) return otherwise;
  const value = parameters[name];
  if (typeof value !== 'boolean') throw malformed(name, 'true or false', value, 'correct it');
  return value;
}

/** Priority and timeout of a request. */
export interface Schedule {
  /** 1 runs first, 9 last; undefined: the model's default. */
  readonly priority: number | undefined;
  /** Maximum queue time of the request, milliseconds; undefined: unlimited. */
  readonly timeoutMs: number | undefined;
}

const LAST_PRIORITY = 9;

/**
 * Reads Triton's `priority` (0 or absent: the model's default) and `timeout` (microseconds; 0 or absent: no limit).
 *
 * @throws ProtocolError for other values
 */
export function readSchedule({ priority = 0, timeout = 0 }: Parameters): Schedule {
  if (!isWhole(priority) || priority > LAST_PRIORITY) {
    const expected = `1 (first) to ${LAST_PRIORITY} (last), or 0 for the default`;
    throw malformed('priority', expected, priority, 'correct it');
  }
  if (!isWhole(timeout)) throw malformed('timeout', 'microseconds as a whole number', timeout, 'correct it');
  return {
    priority: priority === 0 ? undefined : priority,
    timeoutMs: timeout === 0 ? undefined : timeout / 1000,
  };
}

/** The sequence parameters of a request. */
export interface SequenceControl {
  /** 7 and "7" are the same sequence. */
  readonly id: string;
  readonly start: boolean;
  readonly end: boolean;
  /** The number of this step, from 1, so that a retry is not run twice; undefined: the next step. */
  readonly step: number | undefined;
}

/** Maximum characters of a string id. */
export const MAX_ID_LENGTH = 128;

/**
 * Reads Triton's sequence extension (`sequence_id`, `sequence_start`, `sequence_end`) and Onda's `sequence_step`.
 *
 * @returns undefined without a `sequence_id`; 0 and "" count as absent, as in Triton
 * @throws ProtocolError for parameters that contradict each other
 */
export function readSequence(parameters: Parameters): SequenceControl | undefined {
  const start = readFlag(parameters, 'sequence_start', false);
  const end = readFlag(parameters, 'sequence_end', false);
  const { sequence_step: step } = parameters;
  const id = readSequenceId(parameters.sequence_id);
  if (id === undefined) {
    if (!start && !end && step === undefined) return undefined;
    throw new ProtocolError(
      'malformed',
      'parameters: sequence_id: expected a number from 1 or a string with the other sequence parameters, got none; name the sequence',
    );
  }
  if (step !== undefined && (!Number.isSafeInteger(step) || (step as number) < 1)) {
    throw malformed('sequence_step', 'a whole number from 1', step, 'count the steps of the sequence');
  }
  if (start && step !== undefined && step !== 1) {
    throw malformed('sequence_step', '1 with sequence_start', step, 'leave one of them out');
  }
  return { id, start, end, step: step as number | undefined };
}

/**
 * Reads a `sequence_id`.
 *
 * @returns undefined if absent; 0 and "" count as absent
 * @throws ProtocolError for an id that cannot be distinguished from others
 */
export function readSequenceId(id: unknown): string | undefined {
  if (id === undefined || id === 0 || id === '') return undefined;
  if (typeof id === 'string' && isSequenceId(id)) return id;
  // Above 2^53 JSON.parse may read different numbers as the same.
  if (typeof id === 'number' && Number.isSafeInteger(id) && id > 0) return String(id);
  const expected = `a whole number up to 2^53 - 1, or a string of at most ${MAX_ID_LENGTH} characters`;
  throw malformed('sequence_id', expected, id, 'send larger numbers as strings');
}

/** Whether a string can be an id. A lone surrogate is rejected, since it would become another id in UTF-8. */
export function isSequenceId(id: string): boolean {
  return id !== '' && id.length <= MAX_ID_LENGTH && !/\p{Cs}/u.test(id);
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function malformed(name: string, expected: string, got: unknown, remedy: string): ProtocolError {
  return new ProtocolError(
    'malformed',
    `parameters: ${name}: expected ${expected}, got ${describeValue(got)}; ${remedy}`,
  );
}
