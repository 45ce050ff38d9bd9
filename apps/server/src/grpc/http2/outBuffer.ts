import type { Socket } from 'node:net';

/** Parts are copied together up to so many bytes; above it copying costs more than it saves. */
const JOINED_BYTES = 65_536;

/**
 * What goes out over a connection: all that is written in one turn of the event loop leaves in one write. Answers that one run
 * gives to many streams so cost one system call.
 */
export class OutBuffer {
  readonly #socket: Socket;
  #parts: Uint8Array[] = [];
  #size = 0;
  #planned = false;
  #before: (() => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Bytes that the other end has not taken. */
  get waiting(): number {
    return this.#size + this.#socket.writableLength;
  }

  /** @param part not to be changed any more */
  write(part: Uint8Array): void {
    this.#plan();
    this.#parts.push(part);
    this.#size += part.length;
  }

  /** @param act called once before the next write, to which it may add */
  beforeFlush(act: () => void): void {
    this.#plan();
    this.#before = act;
  }

  readonly flush = (): void => {
    const act = this.#before;
    this.#before = undefined;
    act?.();
    this.#planned = false;
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
    if (size <= JOINED_BYTES) {
      socket.write(joined(parts, 0, parts.length, size));
      return;
    }
    socket.cork();
    for (let start = 0; start < parts.length;) {
      let end = start + 1;
      let bytes = parts[start].length;
      while (end < parts.length && bytes + parts[end].length <= JOINED_BYTES) bytes += parts[end++].length;
      socket.write(end === start + 1 ? parts[start] : joined(parts, start, end, bytes));
      start = end;
    }
    socket.uncork();
  };

  /** After the promises that are settled now, whose answers come along. */
  #plan(): void {
    if (this.#planned) return;
    this.#planned = true;
    process.nextTick(this.flush);
  }
}

function joined(parts: readonly Uint8Array[], start: number, end: number, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (let index = start; index < end; index++) {
    bytes.set(parts[index], at);
    at += parts[index].length;
  }
  return bytes;
}
