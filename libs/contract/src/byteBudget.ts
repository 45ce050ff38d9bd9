/** Bounds the bytes that are held for clients. One budget may serve several parts of a process, and may limit each client to a share. */
export interface ByteBudget {
  readonly maxBytes: number;
  /** Bytes that are reserved now. */
  readonly reserved: number;
  /**
   * Reserves bytes before they are stored.
   *
   * @param client that the bytes belong to: its address or its name
   * @returns false if there is no room; nothing is reserved then
   */
  reserve(bytes: number, client: string): boolean;
  release(bytes: number, client: string): void;
}

/** A budget without shares. */
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
