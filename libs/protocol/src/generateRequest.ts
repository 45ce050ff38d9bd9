import { DataError, ShapeError } from '@onda/contract';
import type { ProtocolTensor } from './datatypes.ts';
import { describeValue, parseJsonBody } from './jsonBody.ts';
import { countOf, floats, integers, readNested } from './jsonNumbers.ts';
import { ProtocolError } from './protocolError.ts';
import { readSequenceId } from './requestParameters.ts';

type FloatTensor = Extract<ProtocolTensor, { type: 'float32' }>;
export type PromptTensor = Extract<ProtocolTensor, { type: 'float32' | 'int32' }>;

/** The properties of a model that a generate request is checked against. */
export interface GenerateModel {
  /** Values of one sample; undefined: a sample is a word, one whole number. */
  features: number | undefined;
  /** Type of the prompt's values. */
  type: PromptTensor['type'];
  /** Numbers in one state row; 0: the model keeps no state. */
  stateSize: number;
  /** Source of the draws; null: nothing is drawn. A model with noise as an input may also get a seed. */
  draws: { readonly kind: 'seed' } | { readonly kind: 'noise'; readonly width: number } | null;
}

/** Nesting depth of the prompt; the values of the response have the same nesting. */
export type Nesting = 1 | 2 | 3;

export interface GenerateRequest {
  /** [batch, time, features], or words [batch, time]. */
  prompt: PromptTensor;
  nesting: Nesting;
  samples: number;
  /** [batch, state]; undefined: the start of a sequence. */
  state: FloatTensor | undefined;
  returnState: boolean;
  /** Any int64; undefined: none was given. */
  seed: bigint | undefined;
  /** [batch, samples, width]; undefined: none was given. */
  noise: FloatTensor | undefined;
}

const keys = ['prompt', 'samples', 'state', 'return_state', 'seed', 'noise'];

/**
 * Decodes `POST /v2/models/{name}/generate`, an extension of Onda:
 *
 *   {"prompt": [0.1, 0.2], "samples": 50}                             one sequence of a model with one feature
 *   {"prompt": [[0.1, 1], [0.2, 2]], "samples": 50}                   one sequence: [time][features]
 *   {"prompt": [[[0.1], [0.2]], [[0.3], [0.4]]], "samples": 50}       several: [batch][time][features]
 *   {"prompt": [4, 17, 2], "samples": 50, "seed": 7}                  words of a model that draws; several: [batch][time]
 *
 * `state` continues from the state of an earlier response: [state] for one sequence, [batch][state] for several.
 * `return_state: true` requests the state after the last value fed: send it with the last values of the response (as many
 * as the model's lag) as the next prompt to continue. `seed`, a whole number, is the seed of a model that samples; `noise`
 * has the draws for models with a noise input: [samples][width], or [batch][samples][width].
 *
 * @throws ProtocolError, ShapeError, DataError
 */
export function decodeGenerateRequest(body: Uint8Array, model: GenerateModel): GenerateRequest {
  const document = parseJsonBody(body);
  const unknown = Object.keys(document).find((key) => !keys.includes(key));
  if (unknown !== undefined) {
    throw new ProtocolError(
      'malformed',
      `${describeValue(unknown)}: unknown key; generate takes prompt, samples, state, return_state, seed and noise`,
    );
  }
  const { prompt, nesting } = readPrompt(document.prompt, model);
  const samples = readSamples(document.samples);
  const several = nesting === prompt.dims.length;
  const [batch] = prompt.dims;
  return {
    prompt,
    nesting,
    samples,
    state: readState(document.state, batch, several, model.stateSize),
    returnState: readReturnState(document.return_state, model.stateSize),
    seed: readSeed(document.seed, model.draws !== null),
    noise: readNoise(document.noise, several, [batch, samples], model.draws),
  };
}

function readPrompt(value: unknown, model: GenerateModel): { prompt: PromptTensor; nesting: Nesting } {
  const { dims, rows } = readNested(value, 'prompt');
  const nesting = dims.length;
  const { type, features } = model;
  const several = features === undefined ? 2 : 3;
  // A flat list has one value a sample.
  const width = nesting === 1 || features === undefined ? 1 : dims[nesting - 1];
  if (nesting > several || width !== (features ?? 1)) {
    throw new ShapeError(
      `prompt: expected numbers nested as ${formsText(features)}, got [${dims.join('][')}]; give each sample its ${features === undefined || features === 1 ? 'value' : `${features} values`}`,
    );
  }
  const count = countOf(dims);
  if (count === 0) {
    throw new ShapeError('prompt: expected at least one sample, got none; send the values to continue from');
  }
  const batch = nesting === several ? dims[0] : 1;
  const time = count / batch / width;
  const shape = features === undefined ? [batch, time] : [batch, time, features];
  // Words are whole numbers, whatever type the model's input has.
  const data =
    features === undefined ? words(integers(rows, count, 'prompt')) : floats(rows, count, 'prompt');
  const prompt: PromptTensor =
    type === 'float32'
      ? { type, dims: shape, data: Float32Array.from(data) }
      : { type, dims: shape, data: Int32Array.from(data) };
  return { prompt, nesting: nesting as Nesting };
}

function formsText(features: number | undefined): string {
  if (features === undefined) return '[time] or [batch][time]';
  return `${features === 1 ? '[time], ' : ''}[time][${features}] or [batch][time][${features}]`;
}

/** @throws DataError for a value outside of int32 */
function words(values: BigInt64Array): Int32Array {
  return Int32Array.from(values, (value, index) => {
    if (BigInt.asIntN(32, value) === value) return Number(value);
    throw new DataError(
      `prompt: expected words below 2^31, got ${value} at position ${index}; send the numbers that the model knows`,
    );
  });
}

/** Reads `samples`: the number of values to generate. */
function readSamples(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 1) {
    throw new DataError(
      `samples: expected a whole number of at least 1, got ${describeValue(value)}; ask for 1 or more`,
    );
  }
  return value as number;
}

function readState(value: unknown, batch: number, several: boolean, size: number): FloatTensor | undefined {
  if (value === undefined) return undefined;
  if (size === 0) throw noState('state', describeValue(value));
  const { dims, rows } = readNested(value, 'state');
  const expected = several ? [batch, size] : [size];
  if (dims.length !== expected.length || dims.some((dim, axis) => dim !== expected[axis])) {
    throw new ShapeError(
      `state: expected numbers nested as [${expected.join('][')}], got [${dims.join('][')}]; send the state of an earlier answer`,
    );
  }
  return { type: 'float32', dims: [batch, size], data: floats(rows, batch * size, 'state') };
}

function readReturnState(value: unknown, size: number): boolean {
  if (value === undefined) return false;
  if (typeof value !== 'boolean') {
    throw new DataError(`return_state: expected true or false, got ${describeValue(value)}; correct it`);
  }
  if (value && size === 0) throw noState('return_state', 'true');
  return value;
}

function noState(field: string, got: string): DataError {
  return new DataError(
    `${field}: expected none, since the model keeps no state, got ${got}; send the last values as the next prompt to continue`,
  );
}

/**
 * Reads `seed`: a whole number, or a string for 64-bit numbers, which JSON parsers may round.
 *
 * @param draws whether the model draws at all
 * @throws DataError
 */
function readSeed(value: unknown, draws: boolean): bigint | undefined {
  if (value === undefined) return undefined;
  const isDigits = typeof value === 'string' && /^-?\d{1,19}$/.test(value);
  const seed = isDigits || Number.isSafeInteger(value) ? BigInt(value as string | number) : undefined;
  if (seed === undefined || BigInt.asIntN(64, seed) !== seed) {
    throw new DataError(
      `seed: expected a whole number up to 2^53 - 1, or one of 64 bits in quotes, got ${describeValue(value)}; correct it`,
    );
  }
  if (!draws) {
    throw new DataError(
      `seed: expected none, since the model draws nothing, got ${describeValue(value)}; leave it out`,
    );
  }
  return seed;
}

/**
 * Reads `noise`: the draws, for a model with a noise input.
 *
 * @param several whether the prompt was nested for several sequences
 * @returns [batch, samples, width]
 * @throws ShapeError, DataError
 */
function readNoise(
  value: unknown,
  several: boolean,
  [batch, samples]: readonly [batch: number, samples: number],
  draws: { readonly kind: 'seed' } | { readonly kind: 'noise'; readonly width: number } | null,
): FloatTensor | undefined {
  if (value === undefined) return undefined;
  if (draws?.kind !== 'noise') {
    throw new DataError(
      `noise: expected none, since the model ${draws === null ? 'draws nothing' : 'draws from a seed'}, got ${describeValue(value)}; leave it out`,
    );
  }
  const { dims, rows } = readNested(value, 'noise');
  const expected = [...(several ? [batch] : []), samples, draws.width];
  if (dims.length !== expected.length || dims.some((dim, axis) => dim !== expected[axis])) {
    throw new ShapeError(
      `noise: expected numbers nested as [${expected.join('][')}], got [${dims.join('][')}]; give each sample its draws`,
    );
  }
  const count = batch * samples * draws.width;
  return { type: 'float32', dims: [batch, samples, draws.width], data: floats(rows, count, 'noise') };
}

/** A generate request that continues a sequence whose state the service keeps. */
export interface GenerateFrom {
  id: string;
  samples: number;
  /** Any int64; undefined: none was given. */
  seed: bigint | undefined;
}

const fromKeys = ['sequence_id', 'samples', 'seed'];
const mark = new TextEncoder().encode('"sequence_id"');

/**
 * Decodes `{"sequence_id": "sensor-7", "samples": 50}`: the next values of the sequence's closed loop. The sequence does not
 * change.
 *
 * @returns undefined for a request that names no sequence
 * @throws ProtocolError, DataError
 */
export function decodeGenerateFrom(body: Uint8Array): GenerateFrom | undefined {
  // Avoids parsing every prompt twice.
  if (!includes(body, mark)) return undefined;
  const document = parseJsonBody(body);
  if (!Object.hasOwn(document, 'sequence_id')) return undefined;
  const unknown = Object.keys(document).find((key) => !fromKeys.includes(key));
  if (unknown !== undefined) {
    throw new ProtocolError(
      'malformed',
      `${describeValue(unknown)}: unknown key beside sequence_id; generate from a sequence takes samples and seed alone`,
    );
  }
  const id = readSequenceId(document.sequence_id);
  if (id === undefined) {
    throw new ProtocolError(
      'malformed',
      `sequence_id: expected a number from 1 or text, got ${describeValue(document.sequence_id)}; name the sequence`,
    );
  }
  // Whether the model draws is only known once the sequence is found.
  return { id, samples: readSamples(document.samples), seed: readSeed(document.seed, true) };
}

function includes(body: Uint8Array, part: Uint8Array): boolean {
  for (let at = body.indexOf(part[0]); at >= 0; at = body.indexOf(part[0], at + 1)) {
    if (part.every((byte, index) => body[at + index] === byte)) return true;
  }
  return false;
}
