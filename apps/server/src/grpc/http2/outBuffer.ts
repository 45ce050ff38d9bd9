import type { Socket } from 'node:net';

/** Above it pieces are handed to the socket as they are; copying them together costs more than it saves. */
const JOINED_BYTES = 65_536;

/**
 * What goes out over a connection: all that is written in one turn of the event loop leaves in one write. Answers that one run
 * gives to many streams so cost one system call.
 */
export class OutBuffer {
  readonly #socket: Socket;
  #parts: Uint8Array[] = [];
  #size = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Bytes that the other end has not taken. */
  get waiting(): number {
    return this.#size + this.#socket.writableLength;
  }

  /** @param part not to be changed any more */
  write(part: Uint8Array): void {
    // After the promises that are settled now, whose answers come along.
    if (this.#parts.length === 0) process.nextTick(this.flush);
    this.#parts.push(part);
    this.#size += part.length;
  }

  readonly flush = (): void => {
    const parts = this.#parts;
    const size = this.#size;
    if (parts.length === 0) return;
    this.#parts = [];
    this.#size = 0;
    const socket = this.#socket;
    if (!socket.writable) return;
    if (parts.length === 1) {
      socket.write(parts[0]);
    } else if (size <= JOINED_BYTES) {
      socket.write(joined(parts, size));
    } else {
      socket.cork();
      for (const part of parts) socket.write(part);
      socket.uncork();
    }
  };
}

function joined(parts: readonly Uint8Array[], size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
