import { DataError, ShapeError } from '@onda/contract';
import type { ProtocolTensor } from './datatypes.ts';
import { describeValue, parseJsonBody } from './jsonBody.ts';
import { countOf, floats, readNested } from './numbers.ts';
import { ProtocolError } from './protocolError.ts';

type FloatTensor = Extract<ProtocolTensor, { type: 'float32' }>;

/** What a generate request may be about: sizes of the model. */
export interface GenerateModel {
  features: number;
  /** Numbers in one state row. */
  stateSize: number;
}

/** How deep the prompt was nested; the values of the answer are nested alike. */
export type Nesting = 1 | 2 | 3;

export interface GenerateRequest {
  /** [batch, time, features]. */
  prompt: FloatTensor;
  nesting: Nesting;
  samples: number;
  /** [batch, state]; undefined: the start of a sequence. */
  state: FloatTensor | undefined;
  returnState: boolean;
}

const keys = ['prompt', 'samples', 'state', 'return_state'];

/**
 * Decodes `POST /v2/models/{name}/generate`, an endpoint of Onda's own:
 *
 *   {"prompt": [0.1, 0.2], "samples": 50}                             one sequence of a model with one feature
 *   {"prompt": [[0.1, 1], [0.2, 2]], "samples": 50}                   one sequence: [time][features]
 *   {"prompt": [[[0.1], [0.2]], [[0.3], [0.4]]], "samples": 50}       several: [batch][time][features]
 *
 * `state` goes on from the state of an earlier answer: [state] for one sequence, [batch][state] for several.
 * `return_state: true` asks for the state after the last value that was fed: send it with the answer's last values (as many
 * as the model's lag) as the next prompt to go on.
 *
 * @throws ProtocolError, ShapeError, DataError
 */
export function decodeGenerateRequest(body: Uint8Array, model: GenerateModel): GenerateRequest {
  const document = parseJsonBody(body);
  const unknown = Object.keys(document).find((key) => !keys.includes(key));
  if (unknown !== undefined) {
    throw new ProtocolError(
      'malformed',
      `${describeValue(unknown)}: unknown key; generate takes prompt, samples, state and return_state`,
    );
  }
  const { prompt, nesting } = readPrompt(document.prompt, model.features);
  return {
    prompt,
    nesting,
    samples: readSamples(document.samples),
    state: readState(document.state, prompt.dims[0], nesting, model.stateSize),
    returnState: readReturnState(document.return_state),
  };
}

function readPrompt(value: unknown, features: number): { prompt: FloatTensor; nesting: Nesting } {
  const { dims, rows } = readNested(value, 'prompt');
  const nesting = dims.length;
  // A flat list has one value a sample.
  const width = nesting === 1 ? 1 : dims[nesting - 1];
  if ((nesting !== 1 && nesting !== 2 && nesting !== 3) || width !== features) {
    const flat = features === 1 ? '[time], ' : '';
    throw new ShapeError(
      `prompt: expected numbers nested as ${flat}[time][${features}] or [batch][time][${features}], got [${dims.join('][')}]; give each sample its ${features} ${features === 1 ? 'value' : 'values'}`,
    );
  }
  const count = countOf(dims);
  if (count === 0) {
    throw new ShapeError('prompt: expected at least one sample, got none; send the values to go on from');
  }
  const batch = nesting === 3 ? dims[0] : 1;
  const data = floats(rows, count, 'prompt');
  return {
    prompt: { type: 'float32', dims: [batch, count / batch / features, features], data },
    nesting,
  };
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

function readState(value: unknown, batch: number, nesting: Nesting, size: number): FloatTensor | undefined {
  if (value === undefined) return undefined;
  const { dims, rows } = readNested(value, 'state');
  const expected = nesting === 3 ? [batch, size] : [size];
  if (dims.length !== expected.length || dims.some((dim, axis) => dim !== expected[axis])) {
    throw new ShapeError(
      `state: expected numbers nested as [${expected.join('][')}], got [${dims.join('][')}]; send the state of an earlier answer`,
    );
  }
  return { type: 'float32', dims: [batch, size], data: floats(rows, batch * size, 'state') };
}

function readReturnState(value: unknown): boolean {
  if (value === undefined) return false;
  if (typeof value !== 'boolean') {
    throw new DataError(`return_state: expected true or false, got ${describeValue(value)}; correct it`);
  }
  return value;
}
