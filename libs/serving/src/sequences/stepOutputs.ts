import { ResultError, typedArrays } from '@onda/contract';
import { statusOf } from '@onda/protocol';
import type { InferResponse, Parameters, RequestedOutput } from '@onda/protocol';
import type { RuntimeTensor } from '@onda/runtime';
import type { StepRow } from './sequenceStep.ts';
import type { Tensors } from './sequenceStore.ts';

type Row = Pick<StepRow<unknown>, 'error' | 'tensors' | 'index' | 'steps' | 'samples' | 'expiresInMs'>;

const DONE = 200;
/** Value of `sequence_expires_in_ms` for a row whose sequence is not live. */
const NOT_LIVE = -1;

/** The progress of a sequence, as parameters of the response to one step. */
export function progressParameters(
  id: string,
  { steps, samples, expiresInMs }: Pick<Row, 'steps' | 'samples' | 'expiresInMs'>,
): Parameters {
  return {
    sequence_id: id,
    sequence_step: steps,
    sequence_samples: samples,
    ...(expiresInMs === undefined ? { sequence_ended: true } : { sequence_expires_in_ms: expiresInMs }),
  };
}

/**
 * The response to a step of many sequences: the requested outputs, and the status and progress of each row. Failed rows have zeros;
 * the message of the first failure is in the parameters.
 *
 * @throws the first row's error when all failed
 */
export function rowsOutputs(
  rows: readonly Row[],
  outputs: readonly RequestedOutput[],
): Required<Pick<InferResponse, 'outputs' | 'parameters'>> {
  let failures = 0;
  let firstFailure = -1;
  let first: Tensors | undefined;
  let isWhole = true;
  for (let row = 0; row < rows.length; row++) {
    const { error, tensors, index } = rows[row];
    if (error !== undefined) {
      if (failures++ === 0) firstFailure = row;
      isWhole = false;
      continue;
    }
    first ??= tensors;
    isWhole &&= tensors === first && index === row;
  }
  const failure = rows.at(firstFailure)?.error;
  if (first === undefined) throw failure ?? new ResultError('the request has no rows; send at least one');
  const chosen: { name: string; binary: boolean; tensor: RuntimeTensor }[] = [];
  for (const { name, binary } of outputs) {
    chosen.push({ name, binary, tensor: isWhole ? first[name] : gathered(rows, first[name], name) });
  }
  const binary = outputs.every((output) => output.binary);
  const progress = progressTensors(rows);
  for (const name in progress) chosen.push({ name, binary, tensor: progress[name] });
  const parameters: Parameters =
    failures === 0 || failure === undefined
      ? {}
      : { sequence_failed: failures, sequence_error: `row ${firstFailure}: ${failure.message}` };
  return { parameters, outputs: chosen };
}

/** The HTTP status and the progress of each row, [rows] each. */
function progressTensors(rows: readonly Row[]): Tensors {
  const dims = [rows.length];
  const status = new Int32Array(rows.length);
  const [step, samples, expires] = [0, 1, 2].map(() => new LongList(rows.length));
  for (let row = 0; row < rows.length; row++) {
    const { error, steps, samples: fed, expiresInMs = NOT_LIVE } = rows[row];
    status[row] = error === undefined ? DONE : (statusOf(error) ?? 500);
    step.set(row, error === undefined ? steps : 0);
    samples.set(row, error === undefined ? fed : 0);
    expires.set(row, error === undefined ? expiresInMs : NOT_LIVE);
  }
  return {
    sequence_status: { type: 'int32', dims, data: status },
    sequence_step: { type: 'int64', dims, data: step.data },
    sequence_samples: { type: 'int64', dims, data: samples.data },
    sequence_expires_in_ms: { type: 'int64', dims, data: expires.data },
  };
}

/** One output from rows of several runs; zeros in rows that failed. */
function gathered(rows: readonly Row[], like: RuntimeTensor, name: string): RuntimeTensor {
  const { type, dims } = like;
  const width = like.data.length / dims[0];
  const all: RuntimeTensor['data'] =
    type === 'string'
      ? Array<string>(rows.length * width).fill('')
      : new typedArrays[type](rows.length * width);
  for (let row = 0; row < rows.length; row++) {
    const { error, tensors, index } = rows[row];
    if (error !== undefined || tensors === undefined) continue;
    const { data, dims: own } = tensors[name];
    if (data.length !== own[0] * width) {
      throw new ResultError(
        `output "${name}": expected ${width} values in each row, got ${data.length / own[0]} in row ${row}; its sequence uses another version; step it in a separate request`,
      );
    }
    for (let value = 0; value < width; value++) all[row * width + value] = data[index * width + value];
  }
  return { type, dims: [rows.length, ...dims.slice(1)], data: all } as RuntimeTensor;
}

/** Whole numbers as 64 bits, without a bigint for each. */
class LongList {
  readonly data: BigInt64Array;
  readonly #halves: Int32Array;

  constructor(length: number) {
    this.data = new BigInt64Array(length);
    this.#halves = new Int32Array(this.data.buffer);
  }

  set(index: number, value: number): void {
    this.#halves[2 * index] = value;
    this.#halves[2 * index + 1] = Math.floor(value / 2 ** 32);
  }
}
