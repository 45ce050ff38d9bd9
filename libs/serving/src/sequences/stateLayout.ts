import { createHash } from 'node:crypto';
import { ModelError, ResultError, typedArrays } from '@onda/contract';
import type { TensorType } from '@onda/contract';
import type { RuntimeTensor } from '@onda/runtime';
import type { Tensors } from './sequenceStore.ts';

/** A state of the model: the output of one run is the input of the next. Rows first. */
export interface StatePair {
  readonly input: string;
  readonly output: string;
  readonly type: TensorType;
  /** Dims of one row, without the batch. */
  readonly dims: readonly number[];
  /** Initial value in words of 32 bits; default: zeros. */
  readonly start?: Int32Array;
}

/** The last outputs of a model, which are the next inputs of its generator; float32. */
export interface RecentOutput {
  readonly output: string;
  /** Number of samples that are kept: the lag of the outputs. */
  readonly lag: number;
  /** Values of one sample. */
  readonly width: number;
}

const WORD_BYTES = 4;

type NumbersType = Exclude<TensorType, 'string'>;

interface Part extends StatePair {
  readonly type: NumbersType;
  readonly words: number;
}

/**
 * The layout of a sequence's state row: the states in order, then the recent outputs, the oldest first.
 *
 * A row is words of 32 bits whatever the states' types: integers are copied bit for bit, whereas a copied float NaN may change.
 */
export class StateLayout {
  readonly pairs: readonly StatePair[];
  readonly recent: RecentOutput | undefined;
  /** Words of one row. */
  readonly rowSize: number;
  /** Equal for layouts of the same states in the same order; 8 hexadecimal digits. */
  readonly hash: string;
  readonly #parts: readonly Part[];
  /** Reused for every row, since a store copies it. */
  readonly #next: Int32Array;

  /** @throws ModelError for a state whose type is not a number of 32 or 64 bits */
  constructor(pairs: readonly StatePair[], recent?: RecentOutput) {
    this.pairs = pairs;
    this.recent = recent;
    this.#parts = pairs.map(partOf);
    const states = this.#parts.reduce((sum, { words }) => sum + words, 0);
    this.rowSize = states + (recent ? recent.lag * recent.width : 0);
    this.#next = new Int32Array(this.rowSize);
    const parts = pairs.map(({ input, output, type, dims }) => [input, output, type, dims]);
    const recentParts = recent ? [recent.output, recent.lag, recent.width] : [];
    const text = JSON.stringify([parts, recentParts]);
    this.hash = createHash('sha256').update(text).digest('hex').slice(0, 8);
  }

  /** The states of sequences as inputs of the model: [rows, ...] each. */
  feeds(rows: readonly Int32Array[]): Record<string, RuntimeTensor> {
    const feeds: Record<string, RuntimeTensor> = {};
    let offset = 0;
    for (const { input, type, dims, words } of this.#parts) {
      const all = new Int32Array(rows.length * words);
      // A loop: faster than `set` for rows this short.
      for (let row = 0; row < rows.length; row++) copy(rows[row], offset, all, row * words, words);
      const data = new typedArrays[type](all.buffer as never);
      feeds[input] = { type, dims: [rows.length, ...dims], data } as RuntimeTensor;
      offset += words;
    }
    return feeds;
  }

  /**
   * The rows of sequences after a run; each is valid until the next call.
   *
   * @param tensors the outputs of the run, [rows, ...] each
   * @returns a function of the index of a row and the sequence's row before the run
   * @throws ResultError for a state of other dims
   */
  after(tensors: Tensors): (index: number, before: Int32Array) => Int32Array {
    const states = this.#parts.map(({ output, words }) => {
      const all = wordsOf(tensors[output]);
      if (all.length === tensors[output].dims[0] * words) return all;
      throw new ResultError(
        `state "${output}": expected ${words} words of 32 bits in a row, got [${tensors[output].dims.join(', ')}]; export the model with a state of fixed dims`,
      );
    });
    const row = this.#next;
    const { recent } = this;
    const fresh = recent ? wordsOf(tensors[recent.output]) : undefined;
    return (index, before) => {
      let offset = 0;
      for (const [part, { words }] of this.#parts.entries()) {
        copy(states[part], index * words, row, offset, words);
        offset += words;
      }
      if (recent && fresh) {
        const width = fresh.length / tensors[recent.output].dims[0];
        const all = recent.lag * recent.width;
        const added = Math.min(all, width);
        copy(before, offset + added, row, offset, all - added);
        copy(fresh, (index + 1) * width - added, row, offset + all - added, added);
      }
      return row;
    };
  }

  /** The row of a sequence at its start. */
  startRow(): Int32Array {
    const row = new Int32Array(this.rowSize);
    let offset = 0;
    for (const { start, words } of this.#parts) {
      if (start) row.set(start, offset);
      offset += words;
    }
    return row;
  }

  /** The row for states sent by a client, one row in each tensor. Absent states are initial; recent outputs are zeros. */
  fromStates(states: Tensors): Int32Array {
    const row = this.startRow();
    let offset = 0;
    for (const { input, words } of this.#parts) {
      if (Object.hasOwn(states, input)) copy(wordsOf(states[input]), 0, row, offset, words);
      offset += words;
    }
    return row;
  }

  /** The recent outputs of a row, [lag, width]. */
  recentOf(row: Int32Array): Float32Array {
    const size = this.recent ? this.recent.lag * this.recent.width : 0;
    return new Float32Array(row.slice(row.length - size).buffer);
  }
}

/** Separates the states from a request's other inputs; undefined if there are none. */
export function splitStates(
  { pairs }: StateLayout,
  inputs: Tensors,
): { inputs: Tensors; states: Tensors | undefined } {
  if (!pairs.some(({ input }) => Object.hasOwn(inputs, input))) return { inputs, states: undefined };
  const [others, states]: Record<string, RuntimeTensor>[] = [{}, {}];
  for (const name of Object.keys(inputs)) {
    (pairs.some(({ input }) => input === name) ? states : others)[name] = inputs[name];
  }
  return { inputs: others, states };
}

function partOf(pair: StatePair): Part {
  const { type, dims, input } = pair;
  const bytes = type === 'string' ? 0 : typedArrays[type].BYTES_PER_ELEMENT;
  if (type === 'string' || bytes < WORD_BYTES) {
    throw new ModelError(
      `state "${input}": expected numbers of 32 or 64 bits, got ${type}; use a state of such a type`,
    );
  }
  return { ...pair, type, words: dims.reduce((size, dim) => size * dim, bytes / WORD_BYTES) };
}

function wordsOf({ data }: RuntimeTensor): Int32Array {
  const { buffer, byteOffset, byteLength } = data as Float32Array;
  return new Int32Array(buffer, byteOffset, byteLength / WORD_BYTES);
}

function copy(from: Int32Array, start: number, to: Int32Array, offset: number, count: number): void {
  for (let word = 0; word < count; word++) to[offset + word] = from[start + word];
}
