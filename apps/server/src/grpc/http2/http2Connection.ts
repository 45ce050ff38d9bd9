import type { Socket } from 'node:net';
import { timeouts } from '../../limits.ts';
import { ErrorCode } from './errorCodes.ts';
import { FloodGuard } from './floodGuard.ts';
import {
  FRAME_BYTES,
  FRAME_HEAD_BYTES,
  frameOf,
  Flag,
  FrameType,
  goAwayFrame,
  MOST_31_BITS,
} from './frames.ts';
import type { Frame } from './frames.ts';
import { broken, checkSize, ConnectionError } from './http2Errors.ts';
import { http2Limits } from './http2Limits.ts';
import { OutBuffer } from './outBuffer.ts';
import { greeting } from './settings.ts';
import { StreamTable } from './streamTable.ts';
import type { OpenRequest } from './streamTable.ts';

/** What every client of HTTP/2 begins with. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

const nothing = Buffer.alloc(0);

/** The payload of the PING whose answer tells that the client knows that it is to go. */
const FAREWELL = Buffer.from('farewell');

/** How long a client has to close its side once it was told that all is over, milliseconds. */
const CLOSE_MS = 1000;

/** The server's end of an HTTP/2 connection: frames in and out, times, and how it ends. */
export class Http2Connection {
  readonly #socket: Socket;
  readonly #onDefect: (error: unknown) => void;
  readonly #out: OutBuffer;
  readonly #flood = new FloodGuard();
  readonly #streams: StreamTable;
  /** What has come of a frame that is not whole, and since when. */
  #rest: Buffer = nothing;
  #restSince = performance.now();
  #greeted = false;
  #hasSettings = false;
  /** Whether bytes came since the time was checked last, and when that was so. */
  #active = true;
  #activeAt = performance.now();
  #probed = false;
  /** When the client was told to go, and since when nothing of it is read any more; 0: it was not. */
  #leavingSince = 0;
  #closingSince = 0;

  constructor(socket: Socket, open: OpenRequest, onDefect: (error: unknown) => void) {
    this.#socket = socket;
    this.#onDefect = onDefect;
    this.#out = new OutBuffer(socket);
    this.#streams = new StreamTable(this.#out, this.#flood, open, () => {
      if (this.#leavingSince > 0 && this.#streams.refuses) this.#endWhenIdle();
    });
    socket
      .setNoDelay()
      .on('data', this.#onData)
      .on('drain', () => socket.resume())
      .on('end', this.#onGone)
      .on('error', this.#onGone)
      .on('close', this.#onGone);
    this.#out.write(greeting);
  }

  /** Takes no more calls, answers those that it has, and ends then. */
  leave(): void {
    if (this.#leavingSince > 0 || this.#closingSince > 0) return;
    this.#leavingSince = performance.now();
    // Calls that are on their way are still taken: the client has answered the PING once no more can come.
    this.#out.write(goAwayFrame(MOST_31_BITS, ErrorCode.NO_ERROR));
    this.#out.write(frameOf(FrameType.PING, 0, 0, FAREWELL));
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Lets go of a client that is slow, idle or gone. */
  checkTime(now: number): void {
    if (this.#active) {
      this.#active = false;
      this.#probed = false;
      this.#activeAt = now;
    }
    const idleMs = now - this.#activeAt;
    if (this.#closingSince > 0) {
      if (now - this.#closingSince > CLOSE_MS) this.#socket.destroy();
    } else if (this.#isSlow(now)) {
      this.#end(ErrorCode.ENHANCE_YOUR_CALM, 'a frame did not come whole in time');
    } else if (this.#leavingSince > 0 && now - this.#leavingSince > CLOSE_MS) {
      this.#refuseMore();
    } else if (this.#streams.size === 0) {
      if (idleMs > timeouts.keepAliveMs) this.#end(ErrorCode.NO_ERROR, 'idle');
    } else if (idleMs > timeouts.idleSocketMs + timeouts.headersMs) {
      this.#socket.destroy();
    } else if (idleMs > timeouts.idleSocketMs && !this.#probed) {
      this.#probed = true;
      this.#out.write(frameOf(FrameType.PING, 0, 0, Buffer.alloc(8)));
    }
    this.#streams.checkTime(now);
  }

  #isSlow(now: number): boolean {
    if (this.#hasSettings && this.#rest.length === 0 && !this.#streams.inBlock()) return false;
    const most = this.#hasSettings && !this.#streams.inBlock() ? timeouts.requestMs : timeouts.headersMs;
    return now - this.#restSince > most;
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#closingSince > 0) return;
    this.#active = true;
    try {
      this.#read(this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]));
    } catch (error) {
      if (error instanceof ConnectionError) {
        this.#end(error.code, error.message);
      } else {
        this.#end(ErrorCode.INTERNAL_ERROR, '');
        this.#onDefect(error);
      }
    }
    // A client that does not read its answers is not read either.
    if (this.#out.waiting > http2Limits.unreadBytes) {
      this.#out.flush();
      if (this.#socket.writableNeedDrain) this.#socket.pause();
    }
  };

  /** Takes the whole frames among the bytes and keeps the rest. */
  #read(bytes: Buffer): void {
    const isNew = this.#rest.length === 0;
    const wasInBlock = this.#streams.inBlock();
    let at = 0;
    if (!this.#greeted) {
      const start = bytes.subarray(0, PREFACE.length);
      if (!start.equals(PREFACE.subarray(0, start.length))) {
        throw new ConnectionError(
          ErrorCode.PROTOCOL_ERROR,
          'this port speaks gRPC, and so HTTP/2 without TLS',
        );
      }
      if (start.length === PREFACE.length) {
        this.#greeted = true;
        at = PREFACE.length;
      }
    }
    while (this.#greeted && this.#closingSince === 0 && bytes.length - at >= FRAME_HEAD_BYTES) {
      const length = (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
      if (length > FRAME_BYTES) {
        throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, `a frame of more than ${FRAME_BYTES} bytes`);
      }
      const start = at + FRAME_HEAD_BYTES;
      if (bytes.length - start < length) break;
      const stream = bytes.readUInt32BE(at + 5) & MOST_31_BITS;
      this.#onFrame({
        type: bytes[at + 3],
        flags: bytes[at + 4],
        stream,
        payload: bytes.subarray(start, start + length),
      });
      at = start + length;
    }
    // A frame or block that is begun now has its time from now on.
    if ((isNew || at > 0) && !(wasInBlock && this.#streams.inBlock())) this.#restSince = performance.now();
    this.#rest = at === bytes.length ? nothing : bytes.subarray(at);
  }

  #onFrame(frame: Frame): void {
    const { type, flags, stream, payload } = frame;
    if (!this.#hasSettings) {
      if (type !== FrameType.SETTINGS || (flags & Flag.ACK) !== 0) {
        throw broken('the first frame is not SETTINGS');
      }
      this.#hasSettings = true;
    }
    if (type === FrameType.PING && !this.#streams.inBlock()) this.#onPing(flags, stream, payload);
    else if (type === FrameType.GOAWAY && !this.#streams.inBlock()) this.#onGoAway(stream, payload);
    else this.#streams.onFrame(frame);
  }

  #onPing(flags: number, stream: number, payload: Buffer): void {
    if (stream !== 0) throw broken('PING of a stream');
    checkSize(payload, 8, 'PING');
    this.#flood.countIdle();
    if ((flags & Flag.ACK) === 0) this.#out.write(frameOf(FrameType.PING, Flag.ACK, 0, payload));
    else if (this.#leavingSince > 0 && payload.equals(FAREWELL)) this.#refuseMore();
  }

  /** The client opens no more streams, and ends the connection itself once it has its answers. */
  #onGoAway(stream: number, payload: Buffer): void {
    if (stream !== 0) throw broken('GOAWAY of a stream');
    if (payload.length < 8) throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, 'GOAWAY too short');
    this.#flood.countIdle();
  }

  #refuseMore(): void {
    if (this.#streams.refuses) return;
    this.#streams.refuses = true;
    this.#out.write(goAwayFrame(this.#streams.last, ErrorCode.NO_ERROR));
    this.#endWhenIdle();
  }

  #endWhenIdle(): void {
    if (this.#streams.size > 0 || this.#closingSince > 0) return;
    this.#closingSince = performance.now();
    this.#out.flush();
    this.#socket.end();
  }

  /** Tells the client why all is over. What it still sends is read, and not looked at: a reset would take the reason away. */
  #end(code: ErrorCode, text: string): void {
    if (this.#closingSince > 0) return;
    this.#closingSince = performance.now();
    this.#rest = nothing;
    this.#out.write(goAwayFrame(this.#streams.last, code, text));
    this.#out.flush();
    this.#socket.end();
    this.#streams.cancelAll();
  }

  readonly #onGone = (): void => {
    if (this.#closingSince === 0) this.#closingSince = performance.now();
    this.#streams.cancelAll();
    this.#socket.destroy();
  };
}
