import { ModelError, ResultError, typedArrays } from '@onda/contract';
import type { TensorType } from '@onda/contract';
import type { RuntimeTensor } from '@onda/runtime';
import type { Tensors } from './sequenceState.ts';

/** A state of the model: what one run puts out of it, the next one takes in. Rows first. */
export interface StatePair {
  readonly input: string;
  readonly output: string;
  readonly type: TensorType;
  /** Of one row, after the batch. */
  readonly dims: readonly number[];
  /** What it is before the first step, in words; zeros when left out. */
  readonly start?: Int32Array;
}

/** The last values that a model gave, which go on as its next inputs when it generates; float32. */
export interface RecentOutput {
  readonly output: string;
  /** Samples that are kept: as many as the outputs are ahead of the inputs. */
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
 * How a sequence's row is laid out: the states one after the other, then the recent outputs, the oldest first.
 *
 * A row is words of 32 bits, whatever the states' types: as whole numbers they are copied bit for bit, which NaN as a
 * float need not be.
 */
export class StateLayout {
  readonly pairs: readonly StatePair[];
  readonly recent: RecentOutput | undefined;
  /** Words of one row. */
  readonly rowSize: number;
  readonly #parts: readonly Part[];
  /** One for all: a row is copied by whoever keeps it. */
  readonly #next: Int32Array;

  /** @throws ModelError for a state that is not made of numbers of 32 or 64 bits */
  constructor(pairs: readonly StatePair[], recent?: RecentOutput) {
    this.pairs = pairs;
    this.recent = recent;
    this.#parts = pairs.map(partOf);
    const states = this.#parts.reduce((sum, { words }) => sum + words, 0);
    this.rowSize = states + (recent ? recent.lag * recent.width : 0);
    this.#next = new Int32Array(this.rowSize);
  }

  /** The states of some sequences as the model takes them: [rows, ...] each. */
  feeds(rows: readonly Int32Array[]): Record<string, RuntimeTensor> {
    const feeds: Record<string, RuntimeTensor> = {};
    let offset = 0;
    for (const { input, type, dims, words } of this.#parts) {
      const all = new Int32Array(rows.length * words);
      // A loop: for rows as short as these it is quicker than a view and a set.
      for (let row = 0; row < rows.length; row++) copy(rows[row], offset, all, row * words, words);
      const data = new typedArrays[type](all.buffer as never);
      feeds[input] = { type, dims: [rows.length, ...dims], data } as RuntimeTensor;
      offset += words;
    }
    return feeds;
  }

  /**
   * The rows that sequences go on from after a run; each holds until the next is asked for.
   *
   * @param tensors what the run gave, [rows, ...] each
   * @returns asked with the index of a row there, and the sequence's row before the run
   * @throws ResultError if a state has not the dims that it should have
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

  /** The row of a sequence that has not begun. */
  startRow(): Int32Array {
    const row = new Int32Array(this.rowSize);
    let offset = 0;
    for (const { start, words } of this.#parts) {
      if (start) row.set(start, offset);
      offset += words;
    }
    return row;
  }

  /** A row of the states that a client brings, one row in each tensor; those it leaves out are as at a start, its recent outputs not known and zeros. */
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

/** The states among a request's inputs apart from the others; undefined without any. */
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
      `state "${input}": expected numbers of 32 or 64 bits, got ${type}; export the model with such a state`,
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
