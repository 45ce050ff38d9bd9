import {
  encodeFrame,
  ErrorCode,
  Flag,
  FRAME_HEADER_BYTES,
  FrameType,
  MAX_INT31,
  resetFrame,
  StreamError,
  windowUpdateFrame,
  writeFrameHeader,
} from './frames.ts';
import type { PeerSettings } from './settings.ts';

/** Consumer of a stream's events. */
export interface StreamReceiver {
  /**
   * @param bytes part of the body: a view on the socket's read buffer, to be acknowledged with `consumed`
   * @param last  whether the body ends with it
   */
  onData(bytes: Buffer, last: boolean): void;
  /** The client has reset the stream or disconnected. */
  onCancel(): void;
  /** The send queue has room again, after `isFull` was true. */
  onDrain(): void;
  /** Called about twice a second. @param now `performance.now()` */
  onTick(now: number): void;
}

/** Writes a message body at an offset of a buffer with room for it. */
export type WriteBody = (target: Buffer, offset: number) => void;

/** The connection, as its streams see it. */
export interface StreamOwner {
  readonly peer: Readonly<PeerSettings>;
  /** Receive window of each stream, bytes. */
  readonly streamWindow: number;
  /** Send window of the connection, bytes. */
  sendWindow: number;
  write(part: Uint8Array): void;
  /** Called after each DATA frame. @param isFragment whether flow control split a larger body */
  dataSent(isFragment: boolean): void;
  /** Whether the connection's send window is open and the client reads. */
  readonly canSend: boolean;
  /** Resumes the stream once the connection can send. */
  waitToSend(stream: Http2Stream): void;
  /** Sends the stream's queue at the end of this turn. */
  scheduleFlush(stream: Http2Stream): void;
  /** Accounts for response bytes that the client does not take. May close the connection. */
  addBlockedBytes(bytes: number): void;
  /** @param early whether the request body is incomplete, so that its frames may still arrive */
  closed(stream: Http2Stream, early: boolean): void;
}

/** Queued bytes above which a stream applies back-pressure. */
const HIGH_WATER_BYTES = 65_536;

/** A DATA frame of this size earns WINDOW_UPDATE frames even if flow control split it off a larger body. */
const MIN_FRAGMENT_BYTES = 1024;

const empty = Buffer.alloc(0);

const noReceiver: StreamReceiver = {
  onData: () => undefined,
  onCancel: () => undefined,
  onDrain: () => undefined,
  onTick: () => undefined,
};

/** One request and its response, with both flow-control windows. */
export class Http2Stream {
  readonly id: number;
  receiver: StreamReceiver = noReceiver;
  readonly #owner: StreamOwner;
  #sendWindow: number;
  #receiveWindow: number;
  /** Consumed bytes that WINDOW_UPDATE has not returned yet. */
  #unacknowledged = 0;
  #receivedBytes = 0;
  readonly #contentLength: number | undefined;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #blockedBytes = 0;
  #wasFull = false;
  #trailers: Buffer | undefined;
  #remoteEnded = false;
  #isClosed = false;

  constructor(id: number, owner: StreamOwner, contentLength: number | undefined) {
    this.id = id;
    this.#owner = owner;
    this.#sendWindow = owner.peer.initialWindow;
    this.#receiveWindow = owner.streamWindow;
    this.#contentLength = contentLength;
  }

  get remoteEnded(): boolean {
    return this.#remoteEnded;
  }

  /** Whether the response is complete or cancelled. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether the client reads slower than the handler writes. */
  get isFull(): boolean {
    return this.#queuedBytes > HIGH_WATER_BYTES;
  }

  /**
   * Receives a DATA frame.
   *
   * @param frameBytes with padding
   * @throws StreamError
   */
  receive(bytes: Buffer, frameBytes: number, last: boolean): void {
    if (this.#remoteEnded) throw new StreamError(ErrorCode.STREAM_CLOSED, 'DATA after END_STREAM');
    this.#receiveWindow -= frameBytes;
    if (this.#receiveWindow < 0) {
      throw new StreamError(ErrorCode.FLOW_CONTROL_ERROR, 'DATA exceeds the stream window');
    }
    this.#receivedBytes += bytes.length;
    if (frameBytes > bytes.length) this.consumed(frameBytes - bytes.length);
    if (last) this.#endRemote();
    this.receiver.onData(bytes, last);
  }

  /** Receives END_STREAM without DATA. @throws StreamError */
  receiveEnd(): void {
    this.#endRemote();
    this.receiver.onData(empty, true);
  }

  #endRemote(): void {
    this.#remoteEnded = true;
    if (this.#contentLength !== undefined && this.#contentLength !== this.#receivedBytes) {
      throw new StreamError(ErrorCode.PROTOCOL_ERROR, 'the body length differs from content-length');
    }
  }

  /** Returns received bytes to the client's send window, in steps of half a window. */
  consumed(bytes: number): void {
    this.#unacknowledged += bytes;
    if (this.#unacknowledged < this.#owner.streamWindow / 2 || this.#remoteEnded || this.#isClosed) return;
    this.#owner.write(windowUpdateFrame(this.id, this.#unacknowledged));
    this.#receiveWindow += this.#unacknowledged;
    this.#unacknowledged = 0;
  }

  /** @throws StreamError if the window exceeds 2^31 - 1 */
  updateSendWindow(bytes: number): void {
    this.#sendWindow += bytes;
    if (this.#sendWindow > MAX_INT31) {
      throw new StreamError(ErrorCode.FLOW_CONTROL_ERROR, 'the stream window exceeds 2^31 - 1');
    }
    this.pump();
  }

  /**
   * Sends a complete response, in one buffer if the client's windows have room for it.
   *
   * @param size  bytes of the body
   */
  respond(head: Buffer, size: number, write: WriteBody, trailers: Buffer): void {
    if (this.#isClosed) return;
    const owner = this.#owner;
    if (size > Math.min(this.#sendWindow, owner.sendWindow, owner.peer.maxFrameSize) || !owner.canSend) {
      this.sendHead(head, false);
      this.send(size, write);
      this.sendEnd(trailers);
      return;
    }
    const part = Buffer.allocUnsafe(3 * FRAME_HEADER_BYTES + head.length + size + trailers.length);
    let offset = this.#writeHeaders(part, 0, head, Flag.END_HEADERS);
    offset = writeFrameHeader(part, offset, size, FrameType.DATA, 0, this.id);
    write(part, offset);
    this.#writeHeaders(part, offset + size, trailers, Flag.END_HEADERS | Flag.END_STREAM);
    this.#sendWindow -= size;
    owner.sendWindow -= size;
    owner.write(part);
    owner.dataSent(false);
    this.#close();
  }

  #writeHeaders(target: Buffer, offset: number, block: Buffer, flags: number): number {
    const start = writeFrameHeader(target, offset, block.length, FrameType.HEADERS, flags, this.id);
    // The blocks are short: a loop is faster than `set`.
    for (let index = 0; index < block.length; index++) target[start + index] = block[index];
    return start + block.length;
  }

  /** Queues a part of the body; the parts of one turn share DATA frames. */
  send(size: number, write: WriteBody): void {
    if (this.#isClosed) return;
    const body = Buffer.allocUnsafe(size);
    write(body, 0);
    if (this.#queue.length === 0) this.#owner.scheduleFlush(this);
    this.#queue.push(body);
    this.#queuedBytes += size;
    this.#wasFull ||= this.isFull;
  }

  /** @param last whether the response ends with it */
  sendHead(block: Buffer, last: boolean): void {
    if (this.#isClosed) return;
    const flags = Flag.END_HEADERS | (last ? Flag.END_STREAM : 0);
    this.#owner.write(encodeFrame(FrameType.HEADERS, flags, this.id, block));
    if (last) this.#close();
  }

  /** Ends the response with trailers, after the queued body. */
  sendEnd(trailers: Buffer): void {
    if (this.#isClosed) return;
    this.#trailers = trailers;
    this.pump();
  }

  reset(code: ErrorCode): void {
    if (this.#isClosed) return;
    this.#owner.write(resetFrame(this.id, code));
    this.#discard(true);
  }

  /** The client has reset the stream or disconnected. */
  cancel(): void {
    if (this.#isClosed) return;
    this.#discard(false);
    this.receiver.onCancel();
  }

  #discard(early: boolean): void {
    this.#isClosed = true;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#reportBlocked();
    this.#owner.closed(this, early);
  }

  /** Sends as much of the queue as the windows allow. */
  pump(): void {
    if (this.#isClosed) return;
    this.#sendQueue();
    if (this.#queuedBytes !== this.#blockedBytes) this.#reportBlocked();
    if (this.#queue.length === 0 && this.#trailers) {
      this.sendHead(this.#trailers, true);
    } else if (this.#wasFull && !this.isFull) {
      this.#wasFull = false;
      this.receiver.onDrain();
    }
  }

  #reportBlocked(): void {
    const change = this.#queuedBytes - this.#blockedBytes;
    this.#blockedBytes = this.#queuedBytes;
    if (change !== 0) this.#owner.addBlockedBytes(change);
  }

  #sendQueue(): void {
    const owner = this.#owner;
    const queue = this.#queue;
    let sent = 0;
    while (sent < queue.length) {
      if (this.#sendWindow <= 0) break;
      if (!owner.canSend) {
        owner.waitToSend(this);
        break;
      }
      const room = Math.min(this.#sendWindow, owner.sendWindow, owner.peer.maxFrameSize, this.#queuedBytes);
      const head = Buffer.allocUnsafe(FRAME_HEADER_BYTES);
      writeFrameHeader(head, 0, room, FrameType.DATA, 0, this.id);
      owner.write(head);
      let remaining = room;
      while (remaining > 0) {
        const bytes = queue[sent];
        const size = Math.min(remaining, bytes.length);
        owner.write(size === bytes.length ? bytes : bytes.subarray(0, size));
        if (size === bytes.length) sent++;
        else queue[sent] = bytes.subarray(size);
        remaining -= size;
      }
      this.#sendWindow -= room;
      owner.sendWindow -= room;
      this.#queuedBytes -= room;
      owner.dataSent(room < MIN_FRAGMENT_BYTES && this.#queuedBytes > 0);
    }
    this.#queue = sent === queue.length ? [] : queue.slice(sent);
  }

  /** The response is complete. RST_STREAM with NO_ERROR stops a client that is still sending. */
  #close(): void {
    this.#isClosed = true;
    const early = !this.#remoteEnded;
    if (early) this.#owner.write(resetFrame(this.id, ErrorCode.NO_ERROR));
    this.#owner.closed(this, early);
  }
}
