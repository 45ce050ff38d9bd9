import { ErrorCode } from './errorCodes.ts';
import {
  Flag,
  FRAME_HEAD_BYTES,
  frameOf,
  FrameType,
  MOST_31_BITS,
  resetFrame,
  windowFrame,
  writeFrameHead,
} from './frames.ts';
import { http2Limits } from './http2Limits.ts';
import { StreamError } from './http2Errors.ts';
import type { PeerSettings } from './settings.ts';

/** Who takes what comes for a stream. */
export interface StreamReceiver {
  /**
   * @param bytes of the body, a view that must not be kept: its memory is that of all that was read with it; to be counted by `took`
   * @param last  whether the body is whole with them
   */
  data(bytes: Buffer, last: boolean): void;
  /** The client has reset the stream, or gone: nobody reads an answer. */
  cancelled(): void;
  /** What was sent has left, after `full` was true. */
  drained(): void;
  /** Called about once a second, with milliseconds of `performance.now`. */
  checkTime(now: number): void;
}

/** Writes a body into a place of its size. */
export type WriteBody = (target: Buffer, at: number) => void;

/** What a stream needs of its connection. */
export interface StreamOwner {
  readonly peer: Readonly<PeerSettings>;
  /** Bytes of body that the other end takes now, for all streams. */
  window: number;
  write(part: Uint8Array): void;
  /** The stream waits for the connection's window. */
  wait(stream: Http2Stream): void;
  /** The stream has something to send at the end of this turn. */
  later(stream: Http2Stream): void;
  /** It has ended; `early`: before its body was whole, so that frames of it may still come. */
  ended(stream: Http2Stream, early: boolean): void;
}

/** Bytes that wait for the client, above which a stream is full. */
const FULL_BYTES = 65_536;

const nothing = Buffer.alloc(0);

const nobody: StreamReceiver = {
  data: () => undefined,
  cancelled: () => undefined,
  drained: () => undefined,
  checkTime: () => undefined,
};

/** One request and its answer. */
export class Http2Stream {
  readonly id: number;
  receiver: StreamReceiver = nobody;
  readonly #owner: StreamOwner;
  /** Bytes that the client takes. */
  #window: number;
  /** Bytes that it may still send, and those taken of what it sent. */
  #allowed: number = http2Limits.streamWindow;
  #took = 0;
  /** Bytes of body that have come, and those that are to. */
  #received = 0;
  readonly #length: number | undefined;
  #queue: Uint8Array[] = [];
  #queued = 0;
  #wasFull = false;
  #trailers: Buffer | undefined;
  #remoteEnded = false;
  #over = false;

  constructor(id: number, owner: StreamOwner, length: number | undefined) {
    this.id = id;
    this.#owner = owner;
    this.#window = owner.peer.window;
    this.#length = length;
  }

  get remoteEnded(): boolean {
    return this.#remoteEnded;
  }

  /** Whether nothing more can be sent. */
  get over(): boolean {
    return this.#over;
  }

  /** Whether the client is behind with reading. */
  get full(): boolean {
    return this.#queued > FULL_BYTES;
  }

  /**
   * Takes a DATA frame.
   *
   * @param frameBytes with padding
   * @throws StreamError
   */
  receive(bytes: Buffer, frameBytes: number, last: boolean): void {
    if (this.#remoteEnded) throw new StreamError(ErrorCode.STREAM_CLOSED, 'DATA after the end of its stream');
    this.#allowed -= frameBytes;
    if (this.#allowed < 0) throw new StreamError(ErrorCode.FLOW_CONTROL_ERROR, 'DATA beyond its window');
    this.#received += bytes.length;
    if (frameBytes > bytes.length) this.took(frameBytes - bytes.length);
    if (last) this.#end();
    this.receiver.data(bytes, last);
  }

  /** Takes the end of a body that came with no DATA. @throws StreamError */
  receiveEnd(): void {
    this.#end();
    this.receiver.data(nothing, true);
  }

  /** @throws StreamError for a body of another length than its head said */
  #end(): void {
    this.#remoteEnded = true;
    if (this.#length !== undefined && this.#length !== this.#received) {
      throw new StreamError(ErrorCode.PROTOCOL_ERROR, 'a body of another length than content-length');
    }
  }

  /** Lets the client send as much again. */
  took(bytes: number): void {
    this.#took += bytes;
    if (this.#took < http2Limits.streamWindow / 2 || this.#remoteEnded || this.#over) return;
    this.#owner.write(windowFrame(this.id, this.#took));
    this.#allowed += this.#took;
    this.#took = 0;
  }

  /** @throws StreamError for a window that is too large */
  widen(bytes: number): void {
    this.#window += bytes;
    if (this.#window > MOST_31_BITS)
      throw new StreamError(ErrorCode.FLOW_CONTROL_ERROR, 'a window beyond 2^31 - 1');
    this.pump();
  }

  /**
   * Sends an answer whole, in one piece where the client's windows have room for it.
   *
   * @param size  bytes of body
   * @param write writes the body into a place of that size
   */
  respond(head: Buffer, size: number, write: WriteBody, trailers: Buffer): void {
    if (this.#over) return;
    const owner = this.#owner;
    if (size > Math.min(this.#window, owner.window, owner.peer.frameBytes)) {
      this.sendHead(head, false);
      this.send(size, write);
      this.sendEnd(trailers);
      return;
    }
    const part = Buffer.allocUnsafe(3 * FRAME_HEAD_BYTES + head.length + size + trailers.length);
    let at = this.#writeBlock(part, 0, head, Flag.END_HEADERS);
    at = writeFrameHead(part, at, size, FrameType.DATA, 0, this.id);
    write(part, at);
    this.#writeBlock(part, at + size, trailers, Flag.END_HEADERS | Flag.END_STREAM);
    this.#window -= size;
    owner.window -= size;
    owner.write(part);
    this.#finish();
  }

  /** Sends a part of the body. What is sent in one turn goes into as few frames as it fits. */
  send(size: number, write: WriteBody): void {
    if (this.#over) return;
    const body = Buffer.allocUnsafe(size);
    write(body, 0);
    if (this.#queue.length === 0) this.#owner.later(this);
    this.#queue.push(body);
    this.#queued += size;
    this.#wasFull ||= this.full;
  }

  #writeBlock(target: Buffer, at: number, block: Buffer, flags: number): number {
    const start = writeFrameHead(target, at, block.length, FrameType.HEADERS, flags, this.id);
    // The blocks are short: a loop takes less time than a call of `set`.
    for (let index = 0; index < block.length; index++) target[start + index] = block[index];
    return start + block.length;
  }

  /** @param last whether it is all of the answer */
  sendHead(block: Buffer, last: boolean): void {
    if (this.#over) return;
    const flags = Flag.END_HEADERS | (last ? Flag.END_STREAM : 0);
    this.#owner.write(frameOf(FrameType.HEADERS, flags, this.id, block));
    if (last) this.#finish();
  }

  /** Behind the body, once all of it has left. */
  sendEnd(trailers: Buffer): void {
    if (this.#over) return;
    this.#trailers = trailers;
    this.pump();
  }

  reset(code: ErrorCode): void {
    if (this.#over) return;
    this.#over = true;
    this.#owner.write(resetFrame(this.id, code));
    this.#owner.ended(this, true);
  }

  /** The client has reset it, or gone. */
  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    this.#queue = [];
    this.#owner.ended(this, false);
    this.receiver.cancelled();
  }

  /** Sends what the windows have room for. */
  pump(): void {
    if (this.#over) return;
    this.#sendQueued();
    if (this.#queue.length === 0 && this.#trailers) {
      this.sendHead(this.#trailers, true);
    } else if (this.#wasFull && !this.full) {
      this.#wasFull = false;
      this.receiver.drained();
    }
  }

  #sendQueued(): void {
    const owner = this.#owner;
    const queue = this.#queue;
    let sent = 0;
    while (sent < queue.length) {
      const room = Math.min(this.#window, owner.window, owner.peer.frameBytes, this.#queued);
      if (room <= 0) {
        if (owner.window <= 0) owner.wait(this);
        break;
      }
      const head = Buffer.allocUnsafe(FRAME_HEAD_BYTES);
      writeFrameHead(head, 0, room, FrameType.DATA, 0, this.id);
      owner.write(head);
      let left = room;
      while (left > 0) {
        const bytes = queue[sent];
        const taken = Math.min(left, bytes.length);
        owner.write(taken === bytes.length ? bytes : bytes.subarray(0, taken));
        if (taken === bytes.length) sent++;
        else queue[sent] = bytes.subarray(taken);
        left -= taken;
      }
      this.#window -= room;
      owner.window -= room;
      this.#queued -= room;
    }
    this.#queue = sent === queue.length ? [] : queue.slice(sent);
  }

  /** The answer is out. A client that still sends is told that nobody reads it, and that all is well. */
  #finish(): void {
    this.#over = true;
    const early = !this.#remoteEnded;
    if (early) {
      this.#owner.write(resetFrame(this.id, ErrorCode.NO_ERROR));
    }
    this.#owner.ended(this, early);
  }
}
