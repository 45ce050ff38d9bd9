import type { GrpcServerLimits } from '../options.ts';
import type { FloodGuard } from './floodGuard.ts';
import {
  checkSize,
  ConnectionError,
  ErrorCode,
  Flag,
  FrameType,
  INITIAL_WINDOW,
  MAX_INT31,
  protocolError,
  resetFrame,
  StreamError,
  windowUpdateFrame,
  withoutPadding,
} from './frames.ts';
import type { Frame } from './frames.ts';
import { checkTrailers, HeaderBlockAssembler, readRequestHead } from './headers.ts';
import type { HeaderBlock, RequestHead } from './headers.ts';
import { HeaderDecoder } from './hpack.ts';
import type { OutBuffer } from './outBuffer.ts';
import { applySettings, defaultPeerSettings, settingsAck } from './settings.ts';
import type { PeerSettings } from './settings.ts';
import { Http2Stream } from './stream.ts';
import type { StreamOwner, StreamReceiver } from './stream.ts';

/** Handles a request. Requests with equal header blocks share one `head` object, so what is derived from it can be cached. */
export type OnRequest = (stream: Http2Stream, head: RequestHead) => StreamReceiver;

/** Streams reset by the server whose late frames are ignored. */
const MAX_REMEMBERED_RESETS = 2048;

/** Streams that one frame of constant cost pays for when SETTINGS changes the window of each. */
const STREAMS_PER_COST = 32;

export interface StreamTableEvents {
  /** The last stream has closed. */
  onEmpty(): void;
  /** The response bytes that the client does not take have changed. May close the connection. */
  onBlockedBytes(change: number): void;
}

/** The streams of a connection, and the frames that concern them. */
export class StreamTable implements StreamOwner {
  readonly peer: PeerSettings = { ...defaultPeerSettings };
  readonly streamWindow: number;
  sendWindow: number = INITIAL_WINDOW;
  /** Set while draining: new streams are refused. */
  refusesStreams = false;
  /** Highest stream that was opened. */
  lastStream = 0;
  /** Whether DATA was sent since the flag was cleared. */
  hasSentData = false;
  readonly #limits: GrpcServerLimits;
  readonly #out: OutBuffer;
  readonly #flood: FloodGuard;
  readonly #onRequest: OnRequest;
  readonly #events: StreamTableEvents;
  readonly #streams = new Map<number, Http2Stream>();
  /** Streams that closed before their request was complete: their late frames are ignored. */
  readonly #closedEarly = new Set<number>();
  /** Streams that wait until the connection can send, in the order they are resumed. */
  readonly #waiting = new Set<Http2Stream>();
  #flushing: Http2Stream[] = [];
  readonly #blocks: HeaderBlockAssembler;
  readonly #decoder: HeaderDecoder;
  /** The latest head whose block changed no table: clients repeat it. */
  #cachedHead: { bytes: Buffer; tableVersion: number; head: RequestHead } | undefined;
  #receiveWindow: number;

  constructor(
    limits: GrpcServerLimits,
    out: OutBuffer,
    flood: FloodGuard,
    onRequest: OnRequest,
    events: StreamTableEvents,
  ) {
    this.#limits = limits;
    this.streamWindow = limits.streamWindow;
    this.#receiveWindow = limits.connectionWindow;
    this.#blocks = new HeaderBlockAssembler(limits);
    this.#decoder = new HeaderDecoder(limits.maxHeaderListBytes);
    this.#out = out;
    this.#flood = flood;
    this.#onRequest = onRequest;
    this.#events = events;
  }

  get size(): number {
    return this.#streams.size;
  }

  /** Whether a header block is incomplete: only CONTINUATION may follow. */
  isInHeaderBlock(): boolean {
    return this.#blocks.isOpen;
  }

  get canSend(): boolean {
    return this.sendWindow > 0 && !this.#out.isCongested;
  }

  write(part: Uint8Array): void {
    this.#out.write(part);
  }

  dataSent(isFragment: boolean): void {
    this.hasSentData = true;
    if (!isFragment) this.#flood.earnWindowUpdates();
  }

  waitToSend(stream: Http2Stream): void {
    this.#waiting.add(stream);
  }

  scheduleFlush(stream: Http2Stream): void {
    if (this.#flushing.length === 0) this.#out.beforeFlush(this.#flush);
    this.#flushing.push(stream);
  }

  readonly #flush = (): void => {
    const streams = this.#flushing;
    this.#flushing = [];
    for (const stream of streams) stream.pump();
  };

  addBlockedBytes(bytes: number): void {
    this.#events.onBlockedBytes(bytes);
  }

  closed(stream: Http2Stream, early: boolean): void {
    this.#streams.delete(stream.id);
    this.#waiting.delete(stream);
    if (early) this.#rememberEarly(stream.id);
    if (this.#streams.size === 0) this.#events.onEmpty();
  }

  checkTime(now: number): void {
    for (const stream of this.#streams.values()) stream.receiver.onTick(now);
  }

  cancelAll(): void {
    for (const stream of [...this.#streams.values()]) stream.cancel();
  }

  /**
   * Handles every frame type but PING and GOAWAY.
   *
   * @throws ConnectionError
   */
  onFrame(frame: Frame): void {
    try {
      this.#handle(frame);
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      this.#failStream(frame.stream, error);
    }
  }

  #handle(frame: Frame): void {
    const { type, payload, stream: id } = frame;
    if (this.isInHeaderBlock() && type !== FrameType.CONTINUATION)
      throw protocolError('a frame within a header block');
    switch (type) {
      case FrameType.DATA:
        this.#onData(frame);
        break;
      case FrameType.HEADERS:
      case FrameType.CONTINUATION: {
        const block = this.#blocks.add(frame);
        if (block) this.#onHeaders(block);
        break;
      }
      case FrameType.RST_STREAM:
        checkSize(payload, 4, 'RST_STREAM');
        this.#checkOpened(id, 'RST_STREAM');
        this.#flood.countReset();
        this.#closedEarly.delete(id);
        this.#streams.get(id)?.cancel();
        break;
      case FrameType.SETTINGS:
        this.#onSettings(frame);
        break;
      case FrameType.WINDOW_UPDATE:
        this.#onWindowUpdate(id, payload);
        break;
      case FrameType.PRIORITY:
        this.#flood.countOverhead();
        checkPriority(id, payload);
        break;
      case FrameType.PUSH_PROMISE:
        throw protocolError('PUSH_PROMISE from a client');
      default:
        // Unknown types are ignored. @see https://www.rfc-editor.org/rfc/rfc9113#section-5.5
        this.#flood.countOverhead();
    }
  }

  #onData(frame: Frame): void {
    const { stream: id, flags, payload } = frame;
    this.#checkOpened(id, 'DATA');
    // The connection window is returned at once: memory is bounded per stream and by the byte budget.
    this.#receiveWindow -= payload.length;
    const { connectionWindow } = this.#limits;
    if (this.#receiveWindow < connectionWindow / 2) {
      this.write(windowUpdateFrame(0, connectionWindow - this.#receiveWindow));
      this.#receiveWindow = connectionWindow;
    }
    const bytes = withoutPadding(frame);
    const last = (flags & Flag.END_STREAM) !== 0;
    if (bytes.length === 0 && !last) this.#flood.countOverhead();
    const stream = this.#streams.get(id);
    if (stream) stream.receive(bytes, payload.length, last);
    else this.#checkLate(id, last, 'DATA');
  }

  #onHeaders(block: HeaderBlock): void {
    const { stream: id, endStream } = block;
    if (id % 2 === 0) throw protocolError('a client stream with an even identifier');
    if (id <= this.lastStream) {
      this.#onTrailers(block);
      return;
    }
    this.lastStream = id;
    const head = this.#readHead(block.bytes);
    if (block.selfDependent) throw new StreamError(ErrorCode.PROTOCOL_ERROR, 'a stream depends on itself');
    if (this.refusesStreams || this.#streams.size >= this.#limits.maxStreams) {
      this.#flood.countOverhead();
      this.#refuse(id, ErrorCode.REFUSED_STREAM, endStream);
      return;
    }
    this.#flood.earnWindowUpdates();
    const stream = new Http2Stream(id, this, head.length);
    this.#streams.set(id, stream);
    stream.receiver = this.#onRequest(stream, head);
    if (endStream) stream.receiveEnd();
  }

  #onTrailers({ stream: id, endStream, bytes }: HeaderBlock): void {
    const trailers = this.#decoder.decode(bytes);
    const stream = this.#streams.get(id);
    if (!stream) {
      this.#checkLate(id, endStream, 'HEADERS');
      return;
    }
    if (stream.remoteEnded) throw new StreamError(ErrorCode.STREAM_CLOSED, 'HEADERS after END_STREAM');
    if (!endStream) throw new StreamError(ErrorCode.PROTOCOL_ERROR, 'HEADERS within a body');
    checkTrailers(trailers);
    stream.receiveEnd();
  }

  #readHead(bytes: Buffer): RequestHead {
    const cached = this.#cachedHead;
    const { tableVersion } = this.#decoder;
    if (cached?.tableVersion === tableVersion && cached.bytes.equals(bytes)) return cached.head;
    const head = readRequestHead(this.#decoder.decode(bytes));
    if (tableVersion === this.#decoder.tableVersion) {
      this.#cachedHead = { bytes: Buffer.from(bytes), tableVersion, head };
    }
    return head;
  }

  #onSettings(frame: Frame): void {
    this.#flood.countOverhead();
    const previous = this.peer.initialWindow;
    if (!applySettings(frame, this.peer)) return;
    this.write(settingsAck);
    const change = this.peer.initialWindow - previous;
    if (change === 0) return;
    this.#flood.countOverhead(this.#streams.size / STREAMS_PER_COST);
    for (const stream of [...this.#streams.values()]) {
      try {
        stream.updateSendWindow(change);
      } catch (error) {
        if (!(error instanceof StreamError)) throw error;
        throw new ConnectionError(error.code, error.message);
      }
    }
  }

  #onWindowUpdate(id: number, payload: Buffer): void {
    checkSize(payload, 4, 'WINDOW_UPDATE');
    if (id !== 0) this.#checkOpened(id, 'WINDOW_UPDATE');
    this.#flood.countWindowUpdate();
    const bytes = payload.readUInt32BE(0) & MAX_INT31;
    if (id !== 0) {
      if (bytes === 0) throw new StreamError(ErrorCode.PROTOCOL_ERROR, 'WINDOW_UPDATE of 0');
      this.#streams.get(id)?.updateSendWindow(bytes);
      return;
    }
    if (bytes === 0) throw protocolError('WINDOW_UPDATE of 0');
    this.sendWindow += bytes;
    if (this.sendWindow > MAX_INT31) {
      throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, 'the connection window exceeds 2^31 - 1');
    }
    this.resumeWaiting();
  }

  /** Resumes waiting streams in their order. One that cannot send all queues itself again, last, and ends the loop. */
  resumeWaiting(): void {
    for (const stream of this.#waiting) {
      if (!this.canSend) break;
      this.#waiting.delete(stream);
      stream.pump();
    }
  }

  #checkOpened(id: number, name: string): void {
    if (id === 0 || id > this.lastStream) throw protocolError(`${name} on an idle stream`);
  }

  /** A frame on a closed stream: sent before the client knew, or an error. */
  #checkLate(id: number, last: boolean, name: string): void {
    if (!this.#closedEarly.has(id))
      throw new ConnectionError(ErrorCode.STREAM_CLOSED, `${name} on a closed stream`);
    if (last) this.#closedEarly.delete(id);
  }

  /** A client that provokes resets costs as much as one that sends them. */
  #failStream(id: number, { code }: StreamError): void {
    this.#flood.countReset();
    const stream = this.#streams.get(id);
    if (!stream) {
      this.#refuse(id, code, false);
      return;
    }
    const { receiver } = stream;
    stream.reset(code);
    receiver.onCancel();
  }

  #refuse(id: number, code: ErrorCode, bodyEnded: boolean): void {
    this.write(resetFrame(id, code));
    if (!bodyEnded && id <= this.lastStream) this.#rememberEarly(id);
  }

  #rememberEarly(id: number): void {
    this.#closedEarly.add(id);
    if (this.#closedEarly.size <= MAX_REMEMBERED_RESETS) return;
    const [oldest] = this.#closedEarly;
    this.#closedEarly.delete(oldest);
  }
}

/** Priorities are validated and otherwise ignored. @see https://www.rfc-editor.org/rfc/rfc9113#section-5.3 */
function checkPriority(id: number, payload: Buffer): void {
  if (id === 0) throw protocolError('PRIORITY on stream 0');
  if (payload.length !== 5) {
    throw new StreamError(ErrorCode.FRAME_SIZE_ERROR, `PRIORITY: expected 5 bytes, got ${payload.length}`);
  }
  if ((payload.readUInt32BE(0) & MAX_INT31) === id) {
    throw new StreamError(ErrorCode.PROTOCOL_ERROR, 'a stream depends on itself');
  }
}
