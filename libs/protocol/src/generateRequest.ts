import { DataError, ShapeError } from '@onda/contract';
import type { ProtocolTensor } from './datatypes.ts';
import { readNoise, readSeed } from './drawFields.ts';
import { describeValue, parseJsonBody } from './jsonBody.ts';
import { countOf, floats, integers, readNested } from './numbers.ts';
import { ProtocolError } from './protocolError.ts';

type FloatTensor = Extract<ProtocolTensor, { type: 'float32' }>;
export type PromptTensor = Extract<ProtocolTensor, { type: 'float32' | 'int32' }>;

/** What a generate request may be about. */
export interface GenerateModel {
  /** Values of one sample; undefined: a sample is a word, one whole number. */
  features: number | undefined;
  /** Of the prompt's values. */
  type: PromptTensor['type'];
  /** Numbers in one state row; 0: the model keeps no state. */
  stateSize: number;
  /** What values are drawn from; null: nothing is drawn. A model of noise may be given a seed all the same. */
  draws: { readonly kind: 'seed' } | { readonly kind: 'noise'; readonly width: number } | null;
}

/** How deep the prompt was nested; the values of the answer are nested alike. */
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
 * Decodes `POST /v2/models/{name}/generate`, an endpoint of Onda's own:
 *
 *   {"prompt": [0.1, 0.2], "samples": 50}                             one sequence of a model with one feature
 *   {"prompt": [[0.1, 1], [0.2, 2]], "samples": 50}                   one sequence: [time][features]
 *   {"prompt": [[[0.1], [0.2]], [[0.3], [0.4]]], "samples": 50}       several: [batch][time][features]
 *   {"prompt": [4, 17, 2], "samples": 50, "seed": 7}                  words of a model that draws; several: [batch][time]
 *
 * `state` goes on from the state of an earlier answer: [state] for one sequence, [batch][state] for several.
 * `return_state: true` asks for the state after the last value that was fed: send it with the answer's last values (as many
 * as the model's lag) as the next prompt to go on. `seed`, a whole number, says what a model that draws its values draws; `noise`
 * is for models that take the draws themselves: [samples][width], or [batch][samples][width].
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
    throw new ShapeError('prompt: expected at least one sample, got none; send the values to go on from');
  }
  const batch = nesting === several ? dims[0] : 1;
  const time = count / batch / width;
  const shape = features === undefined ? [batch, time] : [batch, time, features];
  // Words are whole numbers whatever numbers the model takes them in.
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

/** @throws DataError for one that is no int32 */
function words(values: BigInt64Array): Int32Array {
  return Int32Array.from(values, (value, index) => {
    if (BigInt.asIntN(32, value) === value) return Number(value);
    throw new DataError(
      `prompt: expected words below 2^31, got ${value} at position ${index}; send the numbers that the model knows`,
    );
  });
}

/** Reads `samples`: how many values to generate. */
export function readSamples(value: unknown): number {
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
    `${field}: expected none, since the model keeps no state, got ${got}; send the last values as the next prompt to go on`,
  );
}
