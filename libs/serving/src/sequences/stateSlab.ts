/** Rows of one block: 128 KiB for a net of 32 units. */
const BLOCK_ROWS = 1024;

/**
 * Rows of equal size in few large arrays: a million small arrays would cost more memory than what is in them.
 */
export class StateSlab {
  readonly #rowSize: number;
  #block = new Int32Array(0);
  #used = BLOCK_ROWS;
  readonly #free: Int32Array[] = [];

  /** @param rowSize words of one row */
  constructor(rowSize: number) {
    this.#rowSize = rowSize;
  }

  /** A row for the caller, with whatever is in it. */
  take(): Int32Array {
    const row = this.#free.pop();
    if (row) return row;
    if (this.#used === BLOCK_ROWS) {
      this.#block = new Int32Array(BLOCK_ROWS * this.#rowSize);
      this.#used = 0;
    }
    const from = this.#used++ * this.#rowSize;
    return this.#block.subarray(from, from + this.#rowSize);
  }

  /** The row may be given to another. */
  give(row: Int32Array): void {
    this.#free.push(row);
  }
}
