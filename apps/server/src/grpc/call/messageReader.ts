import { CallError } from '../grpcErrors.ts';
import { GrpcStatus } from '../grpcStatus.ts';
import type { HeldBytes } from './heldBytes.ts';
import type { MessageBounds } from './messageBounds.ts';
import { messageTooLarge } from './unpack.ts';

/** Before each message: whether it is compressed, and its length. */
export const PREFIX_BYTES = 5;

/** What is held at first of a message that is not whole. */
const FIRST_BYTES = 1024;

export interface CallMessage {
  readonly compressed: boolean;
  /** A view, if the message came in one piece. */
  readonly bytes: Buffer;
}

const nothing = Buffer.alloc(0);

/** Takes messages out of a call's body. */
export class MessageReader {
  readonly #held: HeldBytes;
  /** What came last, not to be kept beyond this turn. */
  #fresh: Buffer = nothing;
  /** What came before it, in a memory of our own: nothing is written over, so that messages may be views on it. */
  #kept: Buffer = nothing;
  #start = 0;
  #end = 0;

  constructor(held: HeldBytes) {
    this.#held = held;
  }

  /** Bytes that are not taken. */
  get left(): number {
    return this.#end - this.#start + this.#fresh.length;
  }

  /** @throws CallError where there is no room for what came before */
  add(bytes: Buffer): void {
    this.keep();
    this.#fresh = bytes;
  }

  /**
   * @returns undefined until the next message is whole
   * @throws CallError for one that is too large, or begins as none does
   */
  next(): CallMessage | undefined {
    if (this.#end === this.#start) {
      const fresh = this.#fresh;
      const size = messageSize(fresh, 0, fresh.length, this.#held.bounds);
      if (size === undefined) return undefined;
      this.#fresh = size === fresh.length ? nothing : fresh.subarray(size);
      return messageAt(fresh, 0, size);
    }
    this.keep();
    const kept = this.#kept;
    const start = this.#start;
    const size = messageSize(kept, start, this.#end, this.#held.bounds);
    if (size === undefined) return undefined;
    this.#start += size;
    if (this.#start === this.#end) this.drop();
    return messageAt(kept, start, size);
  }

  /** @throws CallError for what can be no single message of the size that one may have */
  check(): void {
    const { bounds } = this.#held;
    if (this.#end === this.#start) messageSize(this.#fresh, 0, this.#fresh.length, bounds);
    else messageSize(this.#kept, this.#start, this.#end, bounds);
    if (this.left > PREFIX_BYTES + bounds.messageBytes) throw messageTooLarge(bounds, 'more');
  }

  /**
   * Copies what was read and is not taken, at the end of a turn: the view's memory is that of everything that was read with it.
   *
   * @throws CallError where there is no room for more
   */
  keep(): void {
    const fresh = this.#fresh;
    if (fresh.length === 0) return;
    if (this.#end + fresh.length > this.#kept.length) this.#grow(this.left);
    this.#kept.set(fresh, this.#end);
    this.#end += fresh.length;
    this.#fresh = nothing;
  }

  /** Forgets everything. */
  drop(): void {
    this.#held.release(this.#kept.length);
    this.#kept = nothing;
    this.#fresh = nothing;
    this.#start = 0;
    this.#end = 0;
  }

  /** Twice what is needed, so that a message in many pieces is not copied as often. */
  #grow(needed: number): void {
    const size = Math.max(2 * needed, FIRST_BYTES);
    this.#held.hold(size);
    this.#held.release(this.#kept.length);
    const grown = Buffer.allocUnsafeSlow(size);
    grown.set(this.#kept.subarray(this.#start, this.#end));
    this.#kept = grown;
    this.#end -= this.#start;
    this.#start = 0;
  }
}

/** Bytes of the message with its prefix that begins there; undefined until it is whole. */
function messageSize(bytes: Buffer, start: number, end: number, bounds: MessageBounds): number | undefined {
  if (start === end) return undefined;
  if (bytes[start] > 1) {
    throw new CallError(
      GrpcStatus.INVALID_ARGUMENT,
      `a message: expected 0 or 1 as its first byte, got ${bytes[start]}; send gRPC's prefix before each message`,
    );
  }
  if (end - start < PREFIX_BYTES) return undefined;
  const size = bytes.readUInt32BE(start + 1);
  if (size > bounds.messageBytes) throw messageTooLarge(bounds, String(size));
  return end - start < PREFIX_BYTES + size ? undefined : PREFIX_BYTES + size;
}

function messageAt(bytes: Buffer, start: number, size: number): CallMessage {
  return { compressed: bytes[start] === 1, bytes: bytes.subarray(start + PREFIX_BYTES, start + size) };
}
