import type { ByteBudget } from '@onda/contract';
import type { Http2Stream, StreamReceiver, WriteBody } from '../http2/stream.ts';
import type { CallHooks } from '../options.ts';
import { CallError, GrpcStatus } from '../status.ts';
import type { GrpcFailure } from '../status.ts';
import { failureTrailers, okTrailers, responseHead } from './callHeaders.ts';
import type { CallHead, CallParameters, MessageEncoding } from './callHeaders.ts';
import { decompress, maxDecompressedBytes } from './compression.ts';
import { messageTooLarge } from './definition.ts';
import type { MessageWriter, Method, SendUnary, ServerCall } from './definition.ts';
import { budgetExhausted, MessageReader, PREFIX_BYTES } from './messageReader.ts';

/** What all calls of a server share. */
export interface CallShared<Context> {
  readonly hooks: CallHooks<Context>;
  readonly budget: ByteBudget;
  readonly messageTimeoutMs: number;
  /** Open calls with a request or response stream. */
  readonly streamingCalls: Set<{ closeInput(): void }>;
}

/** Messages above this size stay reserved from the budget until they are answered. */
const LARGE_MESSAGE_BYTES = 65_536;

/** One gRPC call: messages in and out, deadline, status. Handlers see it as a ServerCall. */
export class GrpcCall<Context> implements StreamReceiver, ServerCall<unknown, unknown, Context> {
  request: unknown;
  readonly context: Context;
  readonly #stream: Http2Stream;
  readonly #shared: CallShared<Context>;
  readonly #client: string;
  #method: Method | undefined;
  #reader: MessageReader | undefined;
  #encoding: MessageEncoding = 'identity';
  #deadline: NodeJS.Timeout | undefined;
  /** Start of an incomplete message, `performance.now()`; 0: none. */
  #incompleteSince = 0;
  #headSent = false;
  #bodyEnded = false;
  #isEnded = false;
  #endEmitted = false;
  #isInputClosed = false;
  #hasRequest = false;
  #isPaused = false;
  #isDecompressing = false;
  /** Body bytes received while paused: returned to the client's window when the call resumes. */
  #unconsumedBytes = 0;
  /** Reserved sizes of large messages that are not answered, in their order. */
  #heldBytes: number[] | undefined;
  #onMessage: ((message: unknown) => void) | undefined;
  #onEnd: (() => void) | undefined;
  #onDrain: (() => void) | undefined;
  #onCancelled: (() => void) | undefined;

  constructor(stream: Http2Stream, shared: CallShared<Context>, { address }: CallHead, context: Context) {
    this.#stream = stream;
    this.#shared = shared;
    this.#client = address;
    this.context = context;
  }

  /** Starts an admitted call. */
  begin(method: Method, { encoding, timeoutMs }: CallParameters): void {
    this.#method = method;
    this.#encoding = encoding;
    this.#reader = new MessageReader(this.#shared.budget, this.#client, method);
    if (timeoutMs !== undefined) this.#deadline = setTimeout(this.#onDeadline, timeoutMs);
    if (method.requestStream || method.responseStream) this.#shared.streamingCalls.add(this);
    if (method.requestStream) method.handler(this, this.#callback);
  }

  /** The server shuts down: the handler sees the end of the request stream, and completes its response. */
  closeInput(): void {
    this.#isInputClosed = true;
    this.#emitEnd();
  }

  get cancelled(): boolean {
    return this.#isEnded || this.#stream.isClosed;
  }

  get writableNeedDrain(): boolean {
    return this.#stream.isFull;
  }

  on(event: 'data' | 'end' | 'drain' | 'cancelled', listener: (message: never) => void): this {
    if (event === 'data') {
      this.#onMessage = listener as (message: unknown) => void;
      if (this.#unconsumedBytes > 0) this.#continue();
    } else if (event === 'end') this.#onEnd = listener as () => void;
    else if (event === 'drain') this.#onDrain = listener as () => void;
    else this.#onCancelled = listener as () => void;
    return this;
  }

  write(message: unknown): boolean {
    if (this.cancelled) return false;
    try {
      const writer = writerOf((this.#method as Method).responseSerialize(message as never));
      if (!this.#headSent) {
        this.#headSent = true;
        this.#stream.sendHead(responseHead, false);
      }
      this.#stream.send(PREFIX_BYTES + writer.size, bodyOf(writer));
    } catch (error) {
      this.destroy(error);
    }
    this.#releaseOldest();
    return !this.#stream.isFull;
  }

  end(): void {
    if (this.cancelled) return;
    if (!this.#headSent) {
      this.#headSent = true;
      this.#stream.sendHead(responseHead, false);
    }
    this.#stream.sendEnd(okTrailers);
    this.#finish(GrpcStatus.OK);
  }

  destroy(error: unknown): void {
    if (this.cancelled) return;
    this.#fail(failureOf(error, this.#shared.hooks));
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    if (!this.#isDecompressing) this.#continue();
  }

  readonly #callback: SendUnary = (error, response) => {
    if (this.cancelled) return;
    if (error !== null && error !== undefined) {
      this.destroy(error);
      return;
    }
    try {
      const writer = writerOf((this.#method as Method).responseSerialize(response as never));
      this.#headSent = true;
      this.#stream.respond(responseHead, PREFIX_BYTES + writer.size, bodyOf(writer), okTrailers);
      this.#finish(GrpcStatus.OK);
    } catch (cause) {
      this.destroy(cause);
    }
  };

  onData(bytes: Buffer, last: boolean): void {
    this.#bodyEnded ||= last;
    const reader = this.#reader;
    if (this.cancelled || reader === undefined) {
      this.#stream.consumed(bytes.length);
      return;
    }
    try {
      reader.add(bytes);
      if (this.#isHolding) this.#unconsumedBytes += bytes.length;
      else this.#stream.consumed(bytes.length);
      this.#readMessages(reader);
      // A call that has ended meanwhile has dropped its input.
      if (reader.unreadBytes > 0) {
        reader.keep();
        if (this.#incompleteSince === 0) this.#incompleteSince = performance.now();
      }
    } catch (error) {
      this.destroy(error);
    }
  }

  onCancel(): void {
    this.#finish(GrpcStatus.CANCELLED);
    this.#onCancelled?.();
  }

  onDrain(): void {
    this.#onDrain?.();
  }

  onTick(now: number): void {
    if (this.#bodyEnded || this.#isHolding || this.cancelled) return;
    if (this.#incompleteSince === 0) {
      // A request stream may be silent between messages; a single message may not.
      if (this.#method?.requestStream === false) this.#incompleteSince = now;
    } else if (now - this.#incompleteSince > this.#shared.messageTimeoutMs) {
      this.#fail({
        code: GrpcStatus.DEADLINE_EXCEEDED,
        details: 'the message did not arrive completely in time; send it faster',
      });
    }
  }

  /** Whether messages wait: the handler has paused them or does not listen yet, or an earlier one is being decompressed. */
  get #isHolding(): boolean {
    if (this.#isPaused || this.#isDecompressing || this.#isInputClosed) return true;
    return this.#onMessage === undefined && this.#method?.requestStream === true;
  }

  #continue(): void {
    const reader = this.#reader;
    if (this.cancelled || reader === undefined) return;
    this.#stream.consumed(this.#unconsumedBytes);
    this.#unconsumedBytes = 0;
    try {
      this.#readMessages(reader);
    } catch (error) {
      this.destroy(error);
    }
  }

  /** Delivers the complete messages, then the end. A single message is delivered once the body has ended. */
  #readMessages(reader: MessageReader): void {
    const { requestStream } = this.#method as Method;
    if (!requestStream && !this.#bodyEnded) {
      reader.check();
      return;
    }
    while (!this.#isHolding && !this.cancelled) {
      const message = reader.next();
      if (message === undefined) break;
      this.#incompleteSince = 0;
      if (message.isCompressed) void this.#decompress(reader, Buffer.from(message.bytes));
      else this.#deliver(reader, message.bytes);
    }
    if (!this.#bodyEnded || this.#isHolding || this.cancelled || this.#endEmitted) return;
    if (reader.unreadBytes > 0) {
      throw new CallError(
        GrpcStatus.INVALID_ARGUMENT,
        'the body ends within a message; send the complete message',
      );
    }
    if (!requestStream && !this.#hasRequest) throw messageCount('none');
    if (requestStream) this.#emitEnd();
  }

  #emitEnd(): void {
    if (this.#endEmitted) return;
    this.#endEmitted = true;
    this.#onEnd?.();
  }

  #deliver(reader: MessageReader, bytes: Buffer): void {
    if (bytes.length > LARGE_MESSAGE_BYTES) this.#hold(bytes.length);
    const method = this.#method as Method;
    if (method.requestStream) {
      this.#onMessage?.(method.requestDeserialize(bytes));
      return;
    }
    if (this.#hasRequest || reader.unreadBytes > 0) throw messageCount('more');
    this.#hasRequest = true;
    this.request = method.requestDeserialize(bytes);
    method.handler(this, this.#callback);
  }

  /** Later messages wait, which preserves their order. */
  async #decompress(reader: MessageReader, bytes: Buffer): Promise<void> {
    this.#isDecompressing = true;
    const method = this.#method as Method;
    try {
      const encoding = this.#compressionOf(method);
      const bound = maxDecompressedBytes(bytes.length, method.maxMessageBytes);
      if (!this.#shared.budget.reserve(bound, this.#client)) throw budgetExhausted();
      const message = await decompress(bytes, encoding, method.maxMessageBytes).finally(() => {
        this.#shared.budget.release(bound, this.#client);
      });
      if (message === 'too-large') throw messageTooLarge(method, 'more');
      if (message === 'corrupt') {
        throw new CallError(
          GrpcStatus.INVALID_ARGUMENT,
          `compressed message: expected ${encoding} data; compress it so or leave grpc-encoding out`,
        );
      }
      this.#isDecompressing = false;
      if (this.cancelled) return;
      this.#deliver(reader, message);
      if (!this.#isPaused) this.#continue();
    } catch (error) {
      this.destroy(error);
    }
  }

  #compressionOf({ acceptsCompression, path }: Method): Exclude<MessageEncoding, 'identity'> {
    const encoding = this.#encoding;
    if (!acceptsCompression) {
      throw new CallError(
        GrpcStatus.UNIMPLEMENTED,
        `${path}: expected an uncompressed message, got a compressed one; send it uncompressed`,
      );
    }
    if (encoding === 'identity') {
      throw new CallError(
        GrpcStatus.INVALID_ARGUMENT,
        'message prefix: expected compression flag 0 without grpc-encoding, got 1; send grpc-encoding or do not compress',
      );
    }
    return encoding;
  }

  readonly #onDeadline = (): void => {
    this.#fail({
      code: GrpcStatus.DEADLINE_EXCEEDED,
      details: 'the deadline of the call passed before its response; retry, or allow more time',
    });
    this.#onCancelled?.();
  };

  #fail(failure: GrpcFailure): void {
    if (this.cancelled) return;
    const block = failureTrailers(failure, this.#headSent);
    if (this.#headSent) this.#stream.sendEnd(block);
    else this.#stream.sendHead(block, true);
    this.#finish(failure.code);
  }

  #finish(code: GrpcStatus): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#reader?.drop();
    while (this.#heldBytes !== undefined) this.#releaseOldest();
    clearTimeout(this.#deadline);
    this.#shared.streamingCalls.delete(this);
    this.#shared.hooks.onCallEnd?.(this.context, code);
  }

  #hold(bytes: number): void {
    if (!this.#shared.budget.reserve(bytes, this.#client)) throw budgetExhausted();
    this.#heldBytes ??= [];
    this.#heldBytes.push(bytes);
  }

  /** The oldest large message counts as answered, since handlers answer messages about in their order. */
  #releaseOldest(): void {
    const held = this.#heldBytes;
    if (held === undefined) return;
    this.#shared.budget.release(held.shift() ?? 0, this.#client);
    if (held.length === 0) this.#heldBytes = undefined;
  }
}

/** The status of an error; an unknown one is reported as a defect. */
export function failureOf(
  error: unknown,
  hooks: Pick<CallHooks<never>, 'failureOf' | 'onDefect'>,
): GrpcFailure {
  const known = error instanceof CallError ? error : hooks.failureOf?.(error);
  if (known) return known;
  hooks.onDefect?.(error);
  return { code: GrpcStatus.INTERNAL, details: 'internal error; the log of the server has the details' };
}

function messageCount(got: string): CallError {
  return new CallError(GrpcStatus.INVALID_ARGUMENT, `call: expected one message, got ${got}; send one`);
}

function writerOf(message: Buffer | MessageWriter): MessageWriter {
  if (!(message instanceof Uint8Array)) return message;
  return {
    size: message.length,
    write: (target, offset) => {
      target.set(message, offset);
    },
  };
}

/** Writes an uncompressed message with its prefix. */
function bodyOf(message: MessageWriter): WriteBody {
  return (target, offset) => {
    target[offset] = 0;
    target.writeUInt32BE(message.size, offset + 1);
    message.write(target, offset + PREFIX_BYTES);
  };
}
