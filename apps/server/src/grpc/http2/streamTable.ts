import { ErrorCode } from './errorCodes.ts';
import type { FloodGuard } from './floodGuard.ts';
import { FIRST_WINDOW, Flag, frameOf, FrameType, MOST_31_BITS, resetFrame, windowFrame } from './frames.ts';
import type { Frame } from './frames.ts';
import { HeaderBlocks, unpadded } from './headerBlocks.ts';
import type { HeaderBlock } from './headerBlocks.ts';
import { HeaderDecoder } from './hpack/headerDecoder.ts';
import { broken, checkSize, ConnectionError, StreamError } from './http2Errors.ts';
import { http2Limits } from './http2Limits.ts';
import { Http2Stream } from './http2Stream.ts';
import type { StreamOwner, StreamReceiver } from './http2Stream.ts';
import type { OutBuffer } from './outBuffer.ts';
import { checkTrailers, readRequestHead } from './requestHead.ts';
import type { RequestHead } from './requestHead.ts';
import { firstPeerSettings, readSettings } from './settings.ts';
import type { PeerSettings } from './settings.ts';

/** Who takes a request. A head that a client sends again and again is the same object each time. */
export type OpenRequest = (stream: Http2Stream, head: RequestHead) => StreamReceiver;

const settingsAck = frameOf(FrameType.SETTINGS, Flag.ACK, 0, Buffer.alloc(0));

/** The streams of a connection, and the frames that are about them. */
export class StreamTable implements StreamOwner {
  readonly peer: PeerSettings = { ...firstPeerSettings };
  window: number = FIRST_WINDOW;
  /** Set once no more streams are taken. */
  refuses = false;
  /** The highest stream that was begun. */
  last = 0;
  readonly #out: OutBuffer;
  readonly #flood: FloodGuard;
  readonly #open: OpenRequest;
  readonly #onEmpty: () => void;
  readonly #streams = new Map<number, Http2Stream>();
  /** Streams that ended before their body did: frames of theirs that are on the way are let by. */
  readonly #endedEarly = new Set<number>();
  readonly #waiting = new Set<Http2Stream>();
  #later: Http2Stream[] = [];
  readonly #blocks = new HeaderBlocks();
  readonly #decoder = new HeaderDecoder(http2Limits.headerBytes);
  /** The last head that changed no table, and its bytes: a client sends the same again and again. */
  #known: { bytes: Buffer; version: number; head: RequestHead } | undefined;
  /** Bytes that the client may still send for all streams. */
  #allowed: number = http2Limits.connectionWindow;

  constructor(out: OutBuffer, flood: FloodGuard, open: OpenRequest, onEmpty: () => void) {
    this.#out = out;
    this.#flood = flood;
    this.#open = open;
    this.#onEmpty = onEmpty;
  }

  get size(): number {
    return this.#streams.size;
  }

  /** Whether a header block is begun: nothing else may come then. */
  inBlock(): boolean {
    return this.#blocks.open;
  }

  write(part: Uint8Array): void {
    this.#out.write(part);
  }

  wait(stream: Http2Stream): void {
    this.#waiting.add(stream);
  }

  later(stream: Http2Stream): void {
    if (this.#later.length === 0) this.#out.beforeFlush(this.#pumpLater);
    this.#later.push(stream);
  }

  readonly #pumpLater = (): void => {
    const streams = this.#later;
    this.#later = [];
    for (const stream of streams) stream.pump();
  };

  ended(stream: Http2Stream, early: boolean): void {
    this.#streams.delete(stream.id);
    this.#waiting.delete(stream);
    if (early) this.#rememberEarly(stream.id);
    if (this.#streams.size === 0) this.#onEmpty();
  }

  checkTime(now: number): void {
    for (const stream of this.#streams.values()) stream.receiver.checkTime(now);
  }

  cancelAll(): void {
    for (const stream of [...this.#streams.values()]) stream.cancel();
  }

  /**
   * Takes any frame but PING and GOAWAY.
   *
   * @throws ConnectionError
   */
  onFrame(frame: Frame): void {
    try {
      this.#take(frame);
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      this.#fail(frame.stream, error);
    }
  }

  #take(frame: Frame): void {
    const { type, payload, stream: id } = frame;
    if (this.inBlock() && type !== FrameType.CONTINUATION) throw broken('a frame within a header block');
    switch (type) {
      case FrameType.DATA:
        this.#onData(frame);
        break;
      case FrameType.HEADERS:
      case FrameType.CONTINUATION: {
        if (id === 0) throw broken('a header block of no stream');
        const block = this.#blocks.take(frame);
        if (block) this.#onBlock(block);
        break;
      }
      case FrameType.RST_STREAM:
        checkSize(payload, 4, 'RST_STREAM');
        this.#checkBegun(id, 'RST_STREAM');
        this.#flood.countReset();
        this.#endedEarly.delete(id);
        this.#streams.get(id)?.cancel();
        break;
      case FrameType.SETTINGS:
        this.#onSettings(frame);
        break;
      case FrameType.WINDOW_UPDATE:
        this.#onWindow(id, payload);
        break;
      case FrameType.PRIORITY:
        this.#flood.countIdle();
        this.#checkPriority(id, payload);
        break;
      case FrameType.PUSH_PROMISE:
        throw broken('PUSH_PROMISE of a client');
      default:
        // What is not known is meant for others.
        this.#flood.countIdle();
    }
  }

  #onData(frame: Frame): void {
    const { stream: id, flags, payload } = frame;
    this.#checkBegun(id, 'DATA');
    // Taken at once, so that it is never used up: what holds memory is bounded where it is held.
    this.#allowed -= payload.length;
    if (this.#allowed < http2Limits.connectionWindow / 2) {
      this.write(windowFrame(0, http2Limits.connectionWindow - this.#allowed));
      this.#allowed = http2Limits.connectionWindow;
    }
    const bytes = unpadded(frame);
    const last = (flags & Flag.END_STREAM) !== 0;
    if (bytes.length === 0 && !last) this.#flood.countIdle();
    const stream = this.#streams.get(id);
    if (stream) stream.receive(bytes, payload.length, last);
    else this.#checkLate(id, last, 'DATA');
  }

  #onBlock(block: HeaderBlock): void {
    const { stream: id, endStream } = block;
    if (id % 2 === 0) throw broken('a stream of a client with an even number');
    const stream = this.#streams.get(id);
    if (id <= this.last) {
      const trailers = this.#decoder.decode(block.bytes);
      if (!stream) {
        this.#checkLate(id, endStream, 'HEADERS');
        return;
      }
      if (stream.remoteEnded)
        throw new StreamError(ErrorCode.STREAM_CLOSED, 'HEADERS after the end of its stream');
      if (!endStream) throw new StreamError(ErrorCode.PROTOCOL_ERROR, 'HEADERS within a body');
      checkTrailers(trailers);
      stream.receiveEnd();
      return;
    }
    this.last = id;
    const head = this.#headOf(block.bytes);
    if (block.ownParent) throw new StreamError(ErrorCode.PROTOCOL_ERROR, 'a stream that depends on itself');
    if (this.refuses || this.#streams.size >= http2Limits.streams) {
      this.#flood.countIdle();
      this.#refuse(id, ErrorCode.REFUSED_STREAM, endStream);
      return;
    }
    const begun = new Http2Stream(id, this, head.length);
    this.#streams.set(id, begun);
    begun.receiver = this.#open(begun, head);
    if (endStream) begun.receiveEnd();
  }

  #headOf(bytes: Buffer): RequestHead {
    const known = this.#known;
    if (known?.version === this.#decoder.version && known.bytes.equals(bytes)) return known.head;
    const { version } = this.#decoder;
    const head = readRequestHead(this.#decoder.decode(bytes));
    if (version === this.#decoder.version) this.#known = { bytes: Buffer.from(bytes), version, head };
    return head;
  }

  #onSettings({ flags, stream, payload }: Frame): void {
    if (stream !== 0) throw broken('SETTINGS of a stream');
    this.#flood.countIdle();
    if ((flags & Flag.ACK) !== 0) {
      checkSize(payload, 0, 'the answer to SETTINGS');
      return;
    }
    const before = this.peer.window;
    readSettings(payload, this.peer);
    this.write(settingsAck);
    const change = this.peer.window - before;
    if (change === 0) return;
    for (const open of [...this.#streams.values()]) {
      try {
        open.widen(change);
      } catch (error) {
        if (!(error instanceof StreamError)) throw error;
        throw new ConnectionError(error.code, error.message);
      }
    }
  }

  #onWindow(id: number, payload: Buffer): void {
    checkSize(payload, 4, 'WINDOW_UPDATE');
    if (id !== 0) this.#checkBegun(id, 'WINDOW_UPDATE');
    const bytes = payload.readUInt32BE(0) & MOST_31_BITS;
    if (id !== 0) {
      if (bytes === 0) throw new StreamError(ErrorCode.PROTOCOL_ERROR, 'WINDOW_UPDATE of 0');
      this.#streams.get(id)?.widen(bytes);
      return;
    }
    if (bytes === 0) throw broken('WINDOW_UPDATE of 0');
    this.window += bytes;
    if (this.window > MOST_31_BITS)
      throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, 'a window beyond 2^31 - 1');
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const stream of waiting) stream.pump();
  }

  /** Priorities are read for their form alone: RFC 9113 has done away with them. */
  #checkPriority(id: number, payload: Buffer): void {
    if (id === 0) throw broken('PRIORITY of no stream');
    if (payload.length !== 5)
      throw new StreamError(ErrorCode.FRAME_SIZE_ERROR, 'PRIORITY of another size than 5');
    if ((payload.readUInt32BE(0) & MOST_31_BITS) === id) {
      throw new StreamError(ErrorCode.PROTOCOL_ERROR, 'a stream that depends on itself');
    }
  }

  #checkBegun(id: number, what: string): void {
    if (id === 0 || id > this.last) throw broken(`${what} of a stream that was not begun`);
  }

  /** A frame of a stream that is no more: on its way when that ended, or wrong. */
  #checkLate(id: number, last: boolean, what: string): void {
    if (!this.#endedEarly.has(id)) {
      throw new ConnectionError(ErrorCode.STREAM_CLOSED, `${what} of a stream that has ended`);
    }
    if (last) this.#endedEarly.delete(id);
  }

  /** Who makes us reset streams costs as much as who resets them. */
  #fail(id: number, { code }: StreamError): void {
    this.#flood.countReset();
    const stream = this.#streams.get(id);
    if (!stream) {
      this.#refuse(id, code, false);
      return;
    }
    const { receiver } = stream;
    stream.reset(code);
    receiver.cancelled();
  }

  #refuse(id: number, code: ErrorCode, bodyEnded: boolean): void {
    this.write(resetFrame(id, code));
    if (!bodyEnded && id <= this.last) this.#rememberEarly(id);
  }

  #rememberEarly(id: number): void {
    this.#endedEarly.add(id);
    if (this.#endedEarly.size <= http2Limits.resetsRemembered) return;
    const [oldest] = this.#endedEarly;
    this.#endedEarly.delete(oldest);
  }
}
