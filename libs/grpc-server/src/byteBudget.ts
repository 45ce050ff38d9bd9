/** A bound on the memory that clients can make the server hold. One budget may serve several servers. */
export interface ByteBudget {
  /**
   * Reserves bytes before they are stored.
   *
   * @param client address that the bytes belong to
   * @returns false if there is no room; nothing is reserved then
   */
  reserve(bytes: number, client: string): boolean;
  release(bytes: number, client: string): void;
}

/** A budget that all clients share. */
export class SharedByteBudget implements ByteBudget {
  readonly maxBytes: number;
  #reserved = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  get reserved(): number {
    return this.#reserved;
  }

  reserve(bytes: number): boolean {
    if (this.#reserved + bytes > this.maxBytes) return false;
    this.#reserved += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#reserved -= bytes;
  }
}
