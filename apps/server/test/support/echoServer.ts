import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { answerHead, okTrailers } from '../../src/grpc/call/callBlocks.ts';
import { Flag, frameOf, FrameType } from '../../src/grpc/http2/frames.ts';
import type { HeaderField } from '../../src/grpc/http2/hpack/staticTable.ts';
import { Http2Server } from '../../src/grpc/http2/http2Server.ts';
import type { Http2Stream, StreamReceiver } from '../../src/grpc/http2/http2Stream.ts';
import type { RequestHead } from '../../src/grpc/http2/requestHead.ts';
import { listenOn } from '../../src/listen.ts';
import { Http2Socket } from './http2Socket.ts';

/** HTTP/2 without gRPC above it: answers each request with its body; one for /hold it lets wait, and takes nothing of it. */
export class EchoServer {
  /** Faults of the server's own. */
  readonly defects: unknown[] = [];
  /** Streams whose clients went. */
  readonly cancelled: number[] = [];
  port = 0;
  readonly #server = new Http2Server(
    () => (stream, head) => this.#receiver(stream, head),
    (error) => this.defects.push(error),
  );

  async listen(): Promise<void> {
    await listenOn(this.#server.socket, '127.0.0.1', 0);
    this.port = (this.#server.socket.address() as AddressInfo).port;
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  #receiver(stream: Http2Stream, { path }: RequestHead): StreamReceiver {
    const parts: Buffer[] = [];
    return {
      data: (bytes, last) => {
        if (path === '/hold') return;
        stream.took(bytes.length);
        parts.push(Buffer.from(bytes));
        if (!last) return;
        const body = Buffer.concat(parts);
        const write = (target: Buffer, at: number): void => {
          target.set(body, at);
        };
        stream.respond(answerHead, body.length, write, okTrailers);
      },
      cancelled: () => this.cancelled.push(stream.id),
      drained: () => undefined,
      checkTime: () => undefined,
    };
  }
}

/** A server for the tests of a file and a client for each of them; after each, the client is gone and the server had no fault. */
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
  frameOf(FrameType.DATA, flags, stream, Buffer.from(body));
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
