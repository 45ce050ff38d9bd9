import { typedArrays } from '@onda/contract';
import { statusOf } from '@onda/protocol';
import type { InferResponse, Parameters, RequestedOutput } from '@onda/protocol';
import type { RuntimeTensor } from '@onda/runtime';
import type { RowEnd, RowsAnswer } from './rowSteps.ts';
import type { Tensors } from './sequenceState.ts';

const DONE = 200;
/** It does not live, so that it cannot expire. */
const NEVER = -1;

/**
 * The answer to a step of many sequences: the outputs asked for, and for each row how it ended and where its sequence stands.
 * A row that failed holds zeros there, and the first one's sentence is in the parameters.
 *
 * @throws the first row's error when all failed
 */
export function rowsOutputs(
  { ends, tensors }: RowsAnswer,
  outputs: readonly RequestedOutput[],
): Required<Pick<InferResponse, 'outputs' | 'parameters'>> {
  const failures = ends.flatMap((end, row) => (end.kind === 'failed' ? [{ row, error: end.error }] : []));
  if (failures.length === ends.length) throw failures[0].error;
  const binary = outputs.every((output) => output.binary);
  const whole = ends.every((end, row) => end.kind === 'done' && end.from === row);
  const stands = rowsStand(ends);
  return {
    parameters: failureParameters(failures),
    outputs: [
      ...outputs.map((output) => ({
        name: output.name,
        binary: output.binary,
        tensor: whole ? tensors[output.name] : gathered(ends, tensors, output.name),
      })),
      ...Object.entries(stands).map(([name, tensor]) => ({ name, binary, tensor })),
    ],
  };
}

/** `sequence_status` as HTTP has it, and what an answer to one step has among its parameters: [rows] each. */
function rowsStand(ends: readonly RowEnd[]): Tensors {
  const dims = [ends.length];
  const status = new Int32Array(ends.length);
  const [step, samples, expires] = [0, 1, 2].map(() => new LongList(ends.length));
  for (const [row, end] of ends.entries()) {
    status[row] = end.kind === 'done' ? DONE : (statusOf(end.error) ?? 500);
    const stands = end.kind === 'done' ? end.stands : undefined;
    step.set(row, stands?.step ?? 0);
    samples.set(row, stands?.samples ?? 0);
    expires.set(row, stands?.expiresInMs ?? NEVER);
  }
  return {
    sequence_status: { type: 'int32', dims, data: status },
    sequence_step: { type: 'int64', dims, data: step.data },
    sequence_samples: { type: 'int64', dims, data: samples.data },
    sequence_expires_in_ms: { type: 'int64', dims, data: expires.data },
  };
}

function failureParameters(failures: readonly { row: number; error: Error }[]): Parameters {
  if (failures.length === 0) return {};
  const [{ row, error }] = failures;
  return { sequence_failed: failures.length, sequence_error: `row ${row}: ${error.message}` };
}

/** One output from rows of the run and from tensors of their own. */
function gathered(ends: readonly RowEnd[], run: Tensors, name: string): RuntimeTensor {
  const parts = ends.map((end) => {
    if (end.kind === 'failed') return undefined;
    return typeof end.from === 'number'
      ? { tensor: run[name], row: end.from }
      : { tensor: end.from[name], row: 0 };
  });
  const [first] = parts.filter((part) => part !== undefined);
  const { type, dims, data } = first.tensor;
  const width = data.length / dims[0];
  const all: RuntimeTensor['data'] =
    type === 'string'
      ? Array<string>(ends.length * width).fill('')
      : new typedArrays[type](ends.length * width);
  for (const [row, part] of parts.entries()) {
    if (part === undefined) continue;
    for (let value = 0; value < width; value++) {
      all[row * width + value] = part.tensor.data[part.row * width + value];
    }
  }
  return { type, dims: [ends.length, ...dims.slice(1)], data: all } as RuntimeTensor;
}

/** Whole numbers as 64 bits, without an object for each of them. */
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
