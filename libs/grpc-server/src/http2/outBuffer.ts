import type { Socket } from 'node:net';

/** Parts are copied into one write up to this size; above it, copying costs more than a further write. */
const MAX_JOINED_BYTES = 65_536;

/** Output that the operating system has not accepted, above which the connection is congested. */
const HIGH_WATER_BYTES = 1024 * 1024;

/**
 * Output of a connection. Everything written in one turn of the event loop leaves in one write, so that the responses of a batch to
 * many streams cost one system call.
 */
export class OutBuffer {
  readonly #socket: Socket;
  #parts: Uint8Array[] = [];
  #size = 0;
  #scheduled = false;
  #beforeFlush: (() => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Whether the client does not read. The socket emits `drain` when it reads again. */
  get isCongested(): boolean {
    return this.#size + this.#socket.writableLength > HIGH_WATER_BYTES;
  }

  /** @param part must not change afterwards */
  write(part: Uint8Array): void {
    this.#schedule();
    this.#parts.push(part);
    this.#size += part.length;
  }

  /** @param callback called once before the next flush; its writes join that flush */
  beforeFlush(callback: () => void): void {
    this.#schedule();
    this.#beforeFlush = callback;
  }

  readonly flush = (): void => {
    const callback = this.#beforeFlush;
    this.#beforeFlush = undefined;
    callback?.();
    this.#scheduled = false;
    const parts = this.#parts;
    if (parts.length === 0) return;
    const size = this.#size;
    this.#parts = [];
    this.#size = 0;
    const socket = this.#socket;
    if (!socket.writable) return;
    if (parts.length === 1) {
      socket.write(parts[0]);
      return;
    }
    if (size <= MAX_JOINED_BYTES) {
      socket.write(join(parts, 0, parts.length, size));
      return;
    }
    socket.cork();
    for (let start = 0; start < parts.length;) {
      let end = start + 1;
      let bytes = parts[start].length;
      while (end < parts.length && bytes + parts[end].length <= MAX_JOINED_BYTES)
        bytes += parts[end++].length;
      socket.write(end === start + 1 ? parts[start] : join(parts, start, end, bytes));
      start = end;
    }
    socket.uncork();
  };

  /** nextTick runs after the promises that are settled now, whose responses join the flush. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    process.nextTick(this.flush);
  }
}

function join(parts: readonly Uint8Array[], start: number, end: number, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  let offset = 0;
  for (let index = start; index < end; index++) {
    bytes.set(parts[index], offset);
    offset += parts[index].length;
  }
  return bytes;
}
