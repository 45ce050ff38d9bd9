import type { ByteBudget } from '@onda/contract';
import { ProtocolError } from '@onda/protocol';
import type { LastStep, Tensors } from './sequenceStore.ts';

/**
 * Replaces a kept response by another within a budget.
 *
 * @returns the rejection if the new response does not fit; then nothing has changed
 */
export function replaceAnswer(
  budget: ByteBudget,
  client: string,
  before: LastStep | undefined,
  after: LastStep | undefined,
): ProtocolError | undefined {
  if (before === undefined && after === undefined) return undefined;
  const more = answerBytes(after) - answerBytes(before);
  if (more <= 0) budget.release(-more, client);
  else if (!budget.reserve(more, client)) {
    return new ProtocolError(
      'unavailable',
      `the answers kept for retries take ${budget.reserved} bytes of ${budget.maxBytes}, and this one does not fit; send the step without sequence_step or with fewer samples, or try again in a moment`,
    );
  }
  return undefined;
}

/** Bytes of the values of a kept response. */
export function answerBytes(last: LastStep | undefined): number {
  return last === undefined ? 0 : bytesOf(last.inputs) + bytesOf(last.tensors);
}

function bytesOf(tensors: Tensors): number {
  let bytes = 0;
  for (const name in tensors) {
    const { data } = tensors[name];
    bytes += Array.isArray(data) ? data.reduce((sum, text) => sum + 2 * text.length, 0) : data.byteLength;
  }
  return bytes;
}

/** Bytes for the answers of a model's sequences in any case. */
const LEAST_BYTES = 256 * 1024 * 1024;
/** For each sequence that may live: samples and outputs of a step of usual size, without its states. */
const STEP_BYTES = 4096;

/**
 * Byte budget for the kept responses of a model.
 *
 * @param most    sequences that may live
 * @param rowSize words of one sequence's row
 */
export function answerBudgetBytes(most: number, rowSize: number, leastBytes: number = LEAST_BYTES): number {
  return Math.max(leastBytes, most * (2 * rowSize * Int32Array.BYTES_PER_ELEMENT + STEP_BYTES));
}
