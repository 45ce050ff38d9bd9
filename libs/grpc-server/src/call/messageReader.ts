import type { ByteBudget } from '@onda/contract';
import { CallError, GrpcStatus } from '../status.ts';
import { messageTooLarge } from './definition.ts';
import type { MessageSizeLimit } from './definition.ts';

/** Compression flag and length, before each message. */
export const PREFIX_BYTES = 5;

/** First allocation for an incomplete message. */
const MIN_ALLOCATION = 1024;

export interface MessageFrame {
  readonly isCompressed: boolean;
  /** A view on the read buffer or on the reader's own memory. */
  readonly bytes: Buffer;
}

const empty = Buffer.alloc(0);

/**
 * Splits a call's body into messages. A message that arrives in one piece is not copied and not reserved from the budget, so that an
 * exhausted budget does not affect small calls.
 */
export class MessageReader {
  readonly #budget: ByteBudget;
  readonly #client: string;
  readonly #limit: MessageSizeLimit;
  /** The latest input, valid until the end of this turn. */
  #fresh: Buffer = empty;
  /** Memory for the input before it, from #start to #end; written once, so that messages can be views on it. */
  #kept: Buffer = empty;
  #start = 0;
  #end = 0;

  constructor(budget: ByteBudget, client: string, limit: MessageSizeLimit) {
    this.#budget = budget;
    this.#client = client;
    this.#limit = limit;
  }

  /** Bytes that are not read yet. */
  get unreadBytes(): number {
    return this.#end - this.#start + this.#fresh.length;
  }

  /** @throws CallError if the budget has no room for earlier input */
  add(bytes: Buffer): void {
    this.keep();
    this.#fresh = bytes;
  }

  /**
   * @returns undefined until the next message is complete
   * @throws CallError if the prefix is invalid or announces a message that is too large
   */
  next(): MessageFrame | undefined {
    if (this.#end === this.#start) {
      const fresh = this.#fresh;
      const size = this.#messageSize(fresh, 0, fresh.length);
      if (size === undefined) return undefined;
      this.#fresh = size === fresh.length ? empty : fresh.subarray(size);
      return messageAt(fresh, 0, size);
    }
    this.keep();
    const kept = this.#kept;
    const start = this.#start;
    const size = this.#messageSize(kept, start, this.#end);
    if (size === undefined) return undefined;
    this.#start += size;
    if (this.#start === this.#end) this.drop();
    return messageAt(kept, start, size);
  }

  /** Validates the input of a call with a single message before it is complete. @throws CallError */
  check(): void {
    if (this.#end === this.#start) this.#messageSize(this.#fresh, 0, this.#fresh.length);
    else this.#messageSize(this.#kept, this.#start, this.#end);
    if (this.unreadBytes > PREFIX_BYTES + this.#limit.maxMessageBytes)
      throw messageTooLarge(this.#limit, 'more');
  }

  /**
   * Copies the unread input at the end of a turn: a view would retain the whole read buffer.
   *
   * @throws CallError if the budget has no room
   */
  keep(): void {
    const fresh = this.#fresh;
    if (fresh.length === 0) return;
    if (this.#end + fresh.length > this.#kept.length) this.#grow(this.unreadBytes);
    this.#kept.set(fresh, this.#end);
    this.#end += fresh.length;
    this.#fresh = empty;
  }

  /** Discards all input. */
  drop(): void {
    if (this.#kept.length > 0) this.#budget.release(this.#kept.length, this.#client);
    this.#kept = empty;
    this.#fresh = empty;
    this.#start = 0;
    this.#end = 0;
  }

  /** Doubles, so that the bytes of a message in many pieces are copied a constant number of times on average. */
  #grow(needed: number): void {
    const size = Math.max(2 * needed, MIN_ALLOCATION);
    if (!this.#budget.reserve(size, this.#client)) throw budgetExhausted();
    if (this.#kept.length > 0) this.#budget.release(this.#kept.length, this.#client);
    const grown = Buffer.allocUnsafeSlow(size);
    grown.set(this.#kept.subarray(this.#start, this.#end));
    this.#kept = grown;
    this.#end -= this.#start;
    this.#start = 0;
  }

  /** Size of the message at `start` with its prefix; undefined until it is complete. */
  #messageSize(bytes: Buffer, start: number, end: number): number | undefined {
    if (start === end) return undefined;
    if (bytes[start] > 1) {
      throw new CallError(
        GrpcStatus.INVALID_ARGUMENT,
        `message prefix: expected 0 or 1 as its first byte, got ${bytes[start]}; send gRPC's prefix before each message`,
      );
    }
    if (end - start < PREFIX_BYTES) return undefined;
    const size = bytes.readUInt32BE(start + 1);
    if (size > this.#limit.maxMessageBytes) throw messageTooLarge(this.#limit, String(size));
    return end - start < PREFIX_BYTES + size ? undefined : PREFIX_BYTES + size;
  }
}

function messageAt(bytes: Buffer, start: number, size: number): MessageFrame {
  return { isCompressed: bytes[start] === 1, bytes: bytes.subarray(start + PREFIX_BYTES, start + size) };
}

export function budgetExhausted(): CallError {
  return new CallError(
    GrpcStatus.RESOURCE_EXHAUSTED,
    'the memory for messages is in use by other calls; retry later',
  );
}
