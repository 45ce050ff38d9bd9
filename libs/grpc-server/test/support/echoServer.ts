import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { okTrailers, responseHead } from '../../src/call/callHeaders.ts';
import { SharedByteBudget } from '@onda/contract';
import { Http2Connection } from '../../src/http2/connection.ts';
import { encodeFrame, Flag, FrameType } from '../../src/http2/frames.ts';
import type { RequestHead } from '../../src/http2/headers.ts';
import type { HeaderField } from '../../src/http2/hpackTables.ts';
import type { Http2Stream, StreamReceiver } from '../../src/http2/stream.ts';
import { defaultLimits } from '../../src/options.ts';
import type { GrpcServerLimits } from '../../src/options.ts';
import { Http2Socket } from '../../src/testing/http2Socket.ts';

interface EchoOptions {
  /** Time between a request's end and its response. */
  readonly delayMs?: number;
  /** Response to an empty body. */
  readonly emptyBody?: string;
}

/**
 * HTTP/2 without gRPC: echoes each body, which begins with the header block and ends with the trailers of a gRPC response. A request for
 * /hold is neither answered nor acknowledged; one for /large is answered with 80,000 bytes.
 */
export class EchoServer {
  /** Errors of the server itself. */
  readonly defects: unknown[] = [];
  /** Streams that clients cancelled. */
  readonly cancelled: number[] = [];
  readonly budget = new SharedByteBudget(1 << 28);
  port = 0;
  readonly #connections = new Set<Http2Connection>();
  readonly #server;

  readonly #options: EchoOptions;

  constructor(limits: Partial<GrpcServerLimits> = {}, options: EchoOptions = {}) {
    this.#options = options;
    this.#server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
      const connection = new Http2Connection(socket, {
        limits: { ...defaultLimits, ...limits },
        budget: this.budget,
        onRequest: (stream, head) => this.#receiver(stream, head),
        onDefect: (error) => this.defects.push(error),
      });
      this.#connections.add(connection);
      socket.once('close', () => this.#connections.delete(connection));
    });
  }

  /** The only connection. */
  get connection(): Http2Connection {
    const [connection] = this.#connections;
    return connection;
  }

  listen(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.listen(0, '127.0.0.1', () => {
        this.port = (this.#server.address() as AddressInfo).port;
        resolve();
      });
    });
  }

  close(): Promise<void> {
    for (const connection of this.#connections) connection.destroy();
    return new Promise((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
  }

  #receiver(stream: Http2Stream, { path }: RequestHead): StreamReceiver {
    const parts: Buffer[] = [];
    return {
      onData: (bytes, last) => {
        if (path === '/hold') return;
        stream.consumed(bytes.length);
        parts.push(Buffer.from(bytes));
        if (!last) return;
        const { delayMs = 0, emptyBody = '' } = this.#options;
        let body = path === '/large' ? Buffer.alloc(80_000) : Buffer.concat(parts);
        if (body.length === 0) body = Buffer.from(emptyBody);
        const write = (target: Buffer, offset: number): void => {
          target.set(body, offset);
        };
        const respond = (): void => {
          stream.respond(responseHead, body.length, write, okTrailers);
        };
        if (delayMs > 0) setTimeout(respond, delayMs);
        else respond();
      },
      onCancel: () => this.cancelled.push(stream.id),
      onDrain: () => undefined,
      onTick: () => undefined,
    };
  }
}

/** A server for the tests of a file and a client for each test; fails a test in which the server had a defect. */
export class EchoFixture {
  readonly server = new EchoServer();
  client!: Http2Socket;

  constructor() {
    beforeAll(() => this.server.listen());
    afterAll(() => this.server.close());
    afterEach(() => {
      this.client.destroy();
      expect(this.server.defects).toEqual([]);
    });
  }

  open(greet = true): Http2Socket {
    return (this.client = new Http2Socket(this.server.port, greet));
  }
}

export const head: readonly HeaderField[] = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/a'],
];
export const begin = (stream = 1, ...more: HeaderField[]): Buffer =>
  Http2Socket.headers(stream, [...head, ...more]);
export const hold = (stream = 1): Buffer =>
  Http2Socket.headers(stream, [...head.slice(0, 2), [':path', '/hold']]);
export const data = (stream: number, body: string | Buffer, flags = 0): Buffer =>
  encodeFrame(FrameType.DATA, flags, stream, Buffer.from(body));
export const whole = (stream: number, body = 'x'): Buffer[] => [
  begin(stream),
  data(stream, body, Flag.END_STREAM),
];
export const uint32 = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index);
  return bytes;
};
export const nothing = Buffer.alloc(0);
