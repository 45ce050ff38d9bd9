import { ProtocolError } from '@onda/protocol';
import type { LastStep, SequenceLimits, Tensors } from './sequenceState.ts';

/** What a model's retries may take in any case. */
const LEAST_BYTES = 256 * 1024 * 1024;

/** Of each sequence that may live: the samples and outputs of a step of the usual size, beside its states on both sides. */
const STEP_BYTES = 4096;

/**
 * Bounds what the answers take that are kept for retries: a step may feed a million values, and each sequence keeps its last one.
 */
export class RetryMemory {
  readonly #most: number;
  #bytes = 0;

  /** @param rowSize words of one sequence's row */
  constructor({ most }: Pick<SequenceLimits, 'most'>, rowSize: number, leastBytes: number = LEAST_BYTES) {
    this.#most = Math.max(leastBytes, most * (2 * rowSize * Int32Array.BYTES_PER_ELEMENT + STEP_BYTES));
  }

  /**
   * Keeps one answer in the place of another.
   *
   * @returns the refusal where there is no room; nothing has changed then
   */
  replace(before: LastStep | undefined, after: LastStep | undefined): ProtocolError | undefined {
    if (before === undefined && after === undefined) return undefined;
    const more = sizeOf(after) - sizeOf(before);
    if (more > 0 && this.#bytes + more > this.#most) {
      return new ProtocolError(
        'unavailable',
        `the answers that are kept for retries take ${this.#bytes} bytes of ${this.#most}, and this one does not fit; send the step without sequence_step or with fewer samples, or try again in a moment`,
      );
    }
    this.#bytes += more;
    return undefined;
  }
}

function sizeOf(last: LastStep | undefined): number {
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
