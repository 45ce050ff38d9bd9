import type { Admitted } from '../../access/access.ts';
import { AccessError } from '../../access/accessError.ts';
import type { WireMessage } from '@onda/protocol';
import type { RequestTrace } from '@onda/serving';
import { timeouts } from '../../limits.ts';
import { CallError, grpcError } from '../grpcErrors.ts';
import type { GrpcFailure } from '../grpcErrors.ts';
import { GrpcStatus } from '../grpcStatus.ts';
import type { Http2Stream, StreamReceiver, WriteBody } from '../http2/http2Stream.ts';
import { answerHead, failureBlock, okTrailers } from './callBlocks.ts';
import type { CallContext } from './callContext.ts';
import type { CallEnd } from './callEnd.ts';
import type { CallHandler } from './callHandler.ts';
import type { CallHead } from './callHead.ts';
import { MessageReader, PREFIX_BYTES } from './messageReader.ts';
import { acceptedEncodings, unpack } from './unpack.ts';

/** One gRPC call: messages in and out, its deadline, its end. */
export class GrpcCall implements StreamReceiver {
  handler: CallHandler | undefined;
  trace: RequestTrace | undefined;
  readonly #stream: Http2Stream;
  readonly #context: CallContext;
  readonly #reader: MessageReader;
  #encoding: CallHead['encoding'] = 'identity';
  #admitted: Admitted | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** When what has come was begun, milliseconds of `performance.now`. */
  #since = 0;
  #onEnd: CallEnd | undefined;
  #headSent = false;
  #bodyEnded = false;
  #endTold = false;
  #done = false;
  #paused = false;
  #unpacking = false;
  #untaken = 0;

  constructor(stream: Http2Stream, context: CallContext) {
    this.#stream = stream;
    this.#context = context;
    this.#reader = new MessageReader(context.held);
  }

  /** The name of its client's token; undefined where nobody is asked. */
  get client(): string | undefined {
    return this.#admitted?.client;
  }

  /** Whether nobody waits for an answer any more: the client has gone, its deadline has passed, or it has its answer. */
  get over(): boolean {
    return this.#done || this.#stream.over;
  }

  /** Whether the client is behind with reading. */
  get full(): boolean {
    return this.#stream.full;
  }

  /** @param admitted counted out at the end */
  begin({ encoding, timeoutMs }: CallHead, admitted: Admitted | undefined, handler: CallHandler): void {
    this.#encoding = encoding;
    this.#admitted = admitted;
    this.handler = handler;
    if (handler.streams) this.#context.streams.add(handler);
    if (timeoutMs !== undefined) this.#timer = setTimeout(this.#onDeadline, timeoutMs);
  }

  watch(onEnd: CallEnd): void {
    const before = this.#onEnd;
    this.#onEnd = (code, client) => {
      before?.(code, client);
      onEnd(code, client);
    };
  }

  data(bytes: Buffer, last: boolean): void {
    this.#bodyEnded ||= last;
    if (this.over || this.handler === undefined) {
      this.#stream.took(bytes.length);
      return;
    }
    this.#guarded(() => {
      this.#reader.add(bytes);
      if (this.#holds) this.#untaken += bytes.length;
      else this.#stream.took(bytes.length);
      this.#pull();
      if (!this.over && this.#reader.left > 0) {
        this.#reader.keep();
        if (this.#since === 0) this.#since = performance.now();
      }
    });
  }

  cancelled(): void {
    this.#finish(GrpcStatus.CANCELLED);
    this.handler?.cancelled();
  }

  drained(): void {
    this.handler?.drained();
  }

  checkTime(now: number): void {
    if (this.#bodyEnded || this.#holds || this.over) return;
    if (this.#since === 0) {
      // A stream may be silent between its messages.
      if (this.handler?.streams === false) this.#since = now;
    } else if (now - this.#since > timeouts.requestMs) {
      this.fail({
        code: GrpcStatus.DEADLINE_EXCEEDED,
        details: 'the request did not arrive in time; send it faster',
      });
    }
  }

  /** Holds messages back, and so in time the client. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    if (!this.#unpacking) this.#goOn();
  }

  get #holds(): boolean {
    return this.#paused || this.#unpacking;
  }

  #goOn(): void {
    this.#stream.took(this.#untaken);
    this.#untaken = 0;
    this.#guarded(() => {
      this.#pull();
    });
  }

  /** The one answer of a call that has one. */
  answer(message: WireMessage): void {
    this.#headSent = true;
    this.#stream.respond(answerHead, PREFIX_BYTES + message.size, writerOf(message), okTrailers);
    this.#finish(GrpcStatus.OK);
  }

  /** One of several answers. */
  send(message: WireMessage): void {
    this.#sendHead();
    this.#stream.send(PREFIX_BYTES + message.size, writerOf(message));
  }

  /** The end of several answers. */
  end(): void {
    if (this.over) return;
    this.#sendHead();
    this.#stream.sendEnd(okTrailers);
    this.#finish(GrpcStatus.OK);
  }

  /** @param more fields beside status and sentence */
  fail(failure: GrpcFailure, more: Readonly<Record<string, string>> = {}): void {
    if (this.over) return;
    const fields =
      failure.code === GrpcStatus.UNIMPLEMENTED ? { 'grpc-accept-encoding': acceptedEncodings } : more;
    const block = failureBlock(failure, this.#headSent, fields);
    if (this.#headSent) this.#stream.sendEnd(block);
    else this.#stream.sendHead(block, true);
    this.#finish(failure.code);
  }

  /** Fails with whatever was thrown. */
  failWith(error: unknown): void {
    if (this.over) return;
    this.fail(grpcError(this.#context.service, error), error instanceof AccessError ? error.headers : {});
  }

  #sendHead(): void {
    if (this.#headSent) return;
    this.#headSent = true;
    this.#stream.sendHead(answerHead, false);
  }

  /** Hands on the messages that are whole, and then the end. */
  #pull(): void {
    if (this.handler?.streams === false && !this.#bodyEnded) {
      this.#reader.check();
      return;
    }
    while (!this.#holds && !this.over) {
      const message = this.#reader.next();
      if (message === undefined) break;
      this.#since = 0;
      if (message.compressed) void this.#unpack(Buffer.from(message.bytes));
      else this.#deliver(message.bytes);
    }
    if (!this.#bodyEnded || this.#holds || this.over || this.#endTold) return;
    if (this.#reader.left > 0) {
      throw new CallError(GrpcStatus.INVALID_ARGUMENT, 'the call ends within a message; send all of it');
    }
    this.#endTold = true;
    this.handler?.end();
  }

  #deliver(bytes: Buffer): void {
    this.handler?.message(bytes, this.#bodyEnded && this.#reader.left === 0);
  }

  /** What follows waits, so that the order is kept. */
  async #unpack(bytes: Buffer): Promise<void> {
    this.#unpacking = true;
    try {
      const message = await unpack(bytes, this.#encoding, this.#context.held.bounds);
      this.#unpacking = false;
      if (this.over) return;
      this.#deliver(message);
      if (!this.#paused) this.#goOn();
    } catch (error) {
      this.failWith(error);
    }
  }

  #guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.failWith(error);
    }
  }

  readonly #onDeadline = (): void => {
    this.fail({
      code: GrpcStatus.DEADLINE_EXCEEDED,
      details: "the call's deadline passed before it was answered; send it again or give it longer",
    });
    this.handler?.cancelled();
  };

  #finish(code: GrpcStatus): void {
    this.#done = true;
    this.#reader.drop();
    clearTimeout(this.#timer);
    const tell = this.#onEnd;
    this.#onEnd = undefined;
    tell?.(code, this.client);
    this.#admitted?.leave();
    this.#admitted = undefined;
    if (this.handler) this.#context.streams.delete(this.handler);
  }
}

/** Writes a message that is not compressed, with its prefix. */
function writerOf(message: WireMessage): WriteBody {
  return (target, at) => {
    target[at] = 0;
    target.writeUInt32BE(message.size, at + 1);
    message.write(target, at + PREFIX_BYTES);
  };
}
