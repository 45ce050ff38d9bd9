import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { ByteBudget } from '@onda/contract';
import type { GrpcServerLimits } from '../options.ts';
import { FloodGuard } from './floodGuard.ts';
import {
  checkSize,
  ConnectionError,
  encodeFrame,
  ErrorCode,
  Flag,
  FRAME_HEADER_BYTES,
  FrameType,
  goAwayFrame,
  MAX_INT31,
  MIN_MAX_FRAME_SIZE,
  protocolError,
} from './frames.ts';
import type { Frame } from './frames.ts';
import { OutBuffer } from './outBuffer.ts';
import { serverPreface } from './settings.ts';
import { StreamTable } from './streamTable.ts';
import type { OnRequest } from './streamTable.ts';

const CLIENT_PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

const empty = Buffer.alloc(0);

/** PING payload whose acknowledgement shows that the client has seen GOAWAY. */
const DRAIN_PING = Buffer.from('draining');

/** Time for the client to close its side after GOAWAY, milliseconds. */
const CLOSE_TIMEOUT_MS = 1000;

export interface ConnectionOptions {
  readonly limits: GrpcServerLimits;
  readonly budget: ByteBudget;
  readonly onRequest: OnRequest;
  readonly onDefect: (error: unknown) => void;
}

/** The server's end of an HTTP/2 connection: frames, timeouts and shutdown. */
export class Http2Connection {
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #client: string;
  readonly #out: OutBuffer;
  readonly #flood = new FloodGuard();
  readonly #streams: StreamTable;
  /** The incomplete frame at the end of the input, and the time since it is incomplete. */
  #rest: Buffer = empty;
  #restSince = performance.now();
  #hasPreface = false;
  #hasSettings = false;
  /** Whether bytes arrived since the previous time check, and the time of the latest check with bytes. */
  #isActive = true;
  #activeAt = performance.now();
  #pingSent = false;
  /** 0: not draining. */
  #drainingSince = 0;
  /** 0: open. Input is ignored while closing. */
  #closingSince = 0;
  /** Response bytes that the client does not take, those of them reserved from the budget, and the time since none were sent. */
  #blockedBytes = 0;
  #reservedBytes = 0;
  #blockedSince = 0;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#client = socket.remoteAddress ?? '';
    this.#out = new OutBuffer(socket);
    this.#streams = new StreamTable(options.limits, this.#out, this.#flood, options.onRequest, {
      onEmpty: () => {
        if (this.#drainingSince > 0 && this.#streams.refusesStreams) this.#closeWhenIdle();
      },
      onBlockedBytes: this.#onBlockedBytes,
    });
    socket
      .setNoDelay()
      .on('data', this.#onData)
      .on('drain', () => {
        socket.resume();
        this.#streams.resumeWaiting();
      })
      .on('end', this.#onClose)
      .on('error', this.#onClose)
      .on('close', this.#onClose);
    this.#out.write(serverPreface(options.limits));
  }

  /** Refuses new calls, completes the open ones, then closes. */
  drain(): void {
    if (this.#drainingSince > 0 || this.#closingSince > 0) return;
    this.#drainingSince = performance.now();
    // Calls in flight are accepted until the client acknowledges the PING.
    this.#out.write(goAwayFrame(MAX_INT31, ErrorCode.NO_ERROR));
    this.#out.write(encodeFrame(FrameType.PING, 0, 0, DRAIN_PING));
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Closes the connection of a client that is slow, idle or unreachable. */
  checkTime(now: number): void {
    if (this.#isActive) {
      this.#isActive = false;
      this.#pingSent = false;
      this.#activeAt = now;
    }
    const { limits } = this.#options;
    const idleMs = now - this.#activeAt;
    if (this.#closingSince > 0) {
      if (now - this.#closingSince > CLOSE_TIMEOUT_MS) this.#socket.destroy();
    } else if (this.#isSlow(now)) {
      this.#close(ErrorCode.ENHANCE_YOUR_CALM, 'a frame did not arrive completely in time');
    } else if (this.#isBlocked(now)) {
      this.#close(ErrorCode.ENHANCE_YOUR_CALM, 'the client does not read its responses');
    } else if (this.#drainingSince > 0 && now - this.#drainingSince > CLOSE_TIMEOUT_MS) {
      this.#refuseStreams();
    } else if (this.#streams.size === 0) {
      if (idleMs > limits.idleTimeoutMs) this.#close(ErrorCode.NO_ERROR, 'idle');
    } else if (idleMs > limits.pingAfterMs + limits.pingTimeoutMs) {
      this.#socket.destroy();
    } else if (idleMs > limits.pingAfterMs && !this.#pingSent) {
      this.#pingSent = true;
      this.#out.write(encodeFrame(FrameType.PING, 0, 0, Buffer.alloc(8)));
    }
    this.#streams.checkTime(now);
  }

  #isSlow(now: number): boolean {
    const isInHeaderBlock = this.#streams.isInHeaderBlock();
    if (this.#hasSettings && this.#rest.length === 0 && !isInHeaderBlock) return false;
    const { headerTimeoutMs, messageTimeoutMs } = this.#options.limits;
    return (
      now - this.#restSince > (this.#hasSettings && !isInHeaderBlock ? messageTimeoutMs : headerTimeoutMs)
    );
  }

  #isBlocked(now: number): boolean {
    if (this.#blockedBytes === 0 || this.#streams.hasSentData || this.#blockedSince === 0) {
      this.#streams.hasSentData = false;
      this.#blockedSince = now;
      return false;
    }
    return now - this.#blockedSince > this.#options.limits.sendTimeoutMs;
  }

  readonly #onBlockedBytes = (change: number): void => {
    this.#blockedBytes += change;
    const missing = this.#blockedBytes - this.#reservedBytes;
    const { budget, limits } = this.#options;
    if (missing < 0) {
      budget.release(-missing, this.#client);
      this.#reservedBytes += missing;
    } else if (missing > 0) {
      if (this.#blockedBytes <= limits.maxUnsentBytes && budget.reserve(missing, this.#client)) {
        this.#reservedBytes += missing;
      } else {
        this.#close(ErrorCode.ENHANCE_YOUR_CALM, 'the client does not read its responses');
      }
    }
  };

  readonly #onData = (chunk: Buffer): void => {
    if (this.#closingSince > 0) return;
    this.#isActive = true;
    try {
      this.#read(this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]));
    } catch (error) {
      if (error instanceof ConnectionError) {
        this.#close(error.code, error.message);
      } else {
        this.#close(ErrorCode.INTERNAL_ERROR, '');
        this.#options.onDefect(error);
      }
    }
    // Back-pressure: a client that does not read its responses is not read either.
    if (this.#out.isCongested) {
      this.#out.flush();
      if (this.#socket.writableNeedDrain) this.#socket.pause();
    }
  };

  /** Handles the complete frames and keeps the rest. */
  #read(bytes: Buffer): void {
    const hadNoRest = this.#rest.length === 0;
    const wasInHeaderBlock = this.#streams.isInHeaderBlock();
    let offset = 0;
    if (!this.#hasPreface) {
      const start = bytes.subarray(0, CLIENT_PREFACE.length);
      if (!start.equals(CLIENT_PREFACE.subarray(0, start.length))) {
        const hint = this.#socket instanceof TLSSocket ? '' : ' without TLS';
        throw protocolError(`expected the HTTP/2 connection preface; this port serves gRPC${hint}`);
      }
      if (start.length === CLIENT_PREFACE.length) {
        this.#hasPreface = true;
        offset = CLIENT_PREFACE.length;
      }
    }
    while (this.#hasPreface && this.#closingSince === 0 && bytes.length - offset >= FRAME_HEADER_BYTES) {
      const length = (bytes[offset] << 16) | (bytes[offset + 1] << 8) | bytes[offset + 2];
      if (length > MIN_MAX_FRAME_SIZE) {
        throw new ConnectionError(
          ErrorCode.FRAME_SIZE_ERROR,
          `a frame of more than ${MIN_MAX_FRAME_SIZE} bytes`,
        );
      }
      const start = offset + FRAME_HEADER_BYTES;
      if (bytes.length - start < length) break;
      this.#onFrame({
        type: bytes[offset + 3],
        flags: bytes[offset + 4],
        stream: bytes.readUInt32BE(offset + 5) & MAX_INT31,
        payload: bytes.subarray(start, start + length),
      });
      offset = start + length;
    }
    // The timeout of an incomplete frame or header block starts with its first byte.
    if ((hadNoRest || offset > 0) && !(wasInHeaderBlock && this.#streams.isInHeaderBlock())) {
      this.#restSince = performance.now();
    }
    this.#rest = offset === bytes.length ? empty : bytes.subarray(offset);
  }

  #onFrame(frame: Frame): void {
    const { type, flags, stream, payload } = frame;
    if (!this.#hasSettings) {
      if (type !== FrameType.SETTINGS || (flags & Flag.ACK) !== 0)
        throw protocolError('the first frame is not SETTINGS');
      this.#hasSettings = true;
    }
    if (type === FrameType.PING && !this.#streams.isInHeaderBlock()) this.#onPing(flags, stream, payload);
    else if (type === FrameType.GOAWAY && !this.#streams.isInHeaderBlock()) this.#onGoAway(stream, payload);
    else this.#streams.onFrame(frame);
  }

  #onPing(flags: number, stream: number, payload: Buffer): void {
    if (stream !== 0) throw protocolError('PING on a stream');
    checkSize(payload, 8, 'PING');
    this.#flood.countOverhead();
    if ((flags & Flag.ACK) === 0) this.#out.write(encodeFrame(FrameType.PING, Flag.ACK, 0, payload));
    else if (this.#drainingSince > 0 && payload.equals(DRAIN_PING)) this.#refuseStreams();
  }

  /** The client opens no further streams and closes the connection once it has its responses. */
  #onGoAway(stream: number, payload: Buffer): void {
    if (stream !== 0) throw protocolError('GOAWAY on a stream');
    if (payload.length < 8) throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, 'GOAWAY is too short');
    this.#flood.countOverhead();
  }

  #refuseStreams(): void {
    if (this.#streams.refusesStreams) return;
    this.#streams.refusesStreams = true;
    this.#out.write(goAwayFrame(this.#streams.lastStream, ErrorCode.NO_ERROR));
    this.#closeWhenIdle();
  }

  #closeWhenIdle(): void {
    if (this.#streams.size > 0 || this.#closingSince > 0) return;
    this.#closingSince = performance.now();
    this.#out.flush();
    this.#socket.end();
  }

  /** Sends GOAWAY. Further input is read and ignored: a TCP reset could discard the GOAWAY. */
  #close(code: ErrorCode, text: string): void {
    if (this.#closingSince > 0) return;
    this.#closingSince = performance.now();
    this.#rest = empty;
    this.#out.write(goAwayFrame(this.#streams.lastStream, code, text));
    this.#out.flush();
    this.#socket.end();
    this.#streams.cancelAll();
  }

  readonly #onClose = (): void => {
    if (this.#closingSince === 0) this.#closingSince = performance.now();
    this.#streams.cancelAll();
    this.#socket.destroy();
  };
}
