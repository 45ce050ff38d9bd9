import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ByteBudget } from '@onda/contract';
import type { SendUnary, ServerCall, ServiceDefinition } from '../src/call/definition.ts';
import { GrpcServer } from '../src/grpcServer.ts';
import { encodeFrame, ErrorCode, Flag, FrameType, windowUpdateFrame } from '../src/http2/frames.ts';
import { settingsFrame } from '../src/http2/settings.ts';
import { Http2Stream } from '../src/http2/stream.ts';
import type { GrpcServerLimits } from '../src/options.ts';
import { clientStreams, Http2Socket } from '../src/testing/http2Socket.ts';
import { data, EchoServer, head, whole } from './support/echoServer.ts';

/** Work and memory that one client can cause, at N and at 10 N. */

const INITIAL_WINDOW_SIZE = 4;
const MIB = 1024 * 1024;

let server: EchoServer;
let client: Http2Socket;

async function open(limits: Partial<GrpcServerLimits> = {}): Promise<void> {
  server = new EchoServer(limits);
  await server.listen();
  client = new Http2Socket(server.port);
}

async function close(): Promise<void> {
  client.destroy();
  await server.close();
}

/** A request whose response has 80,000 bytes. */
const large = (stream: number): Buffer =>
  Http2Socket.headers(stream, [...head.slice(0, 2), [':path', '/large']], Flag.END_HEADERS | Flag.END_STREAM);

/** Waits until the server has handled what was sent before. */
async function settled(): Promise<void> {
  const payload = Buffer.from(String(pings++).padStart(8));
  client.send(encodeFrame(FrameType.PING, 0, 0, payload));
  await client.frame((frame) => frame.type === FrameType.PING && frame.payload.equals(payload));
}
let pings = 0;

describe('WINDOW_UPDATE', () => {
  /** Streams visited for 1,500 updates by one byte while others wait for the window of the connection. */
  async function visitsWith(waiting: number): Promise<number> {
    await open();
    // The first response uses the window up; the others wait.
    client.send(settingsFrame([[INITIAL_WINDOW_SIZE, MIB]]), large(1));
    client.send(...clientStreams(waiting).flatMap((stream) => whole(stream + 2)));
    await settled();
    const pump = vi.spyOn(Http2Stream.prototype, 'pump');
    client.send(Buffer.concat(Array.from({ length: 1500 }, () => windowUpdateFrame(0, 1))));
    await settled();
    const visits = pump.mock.calls.length;
    pump.mockRestore();
    expect(client.frames.some(({ type }) => type === FrameType.GOAWAY)).toBe(false);
    await close();
    return visits;
  }

  it('visits no more streams if ten times as many wait', async () => {
    expect(await visitsWith(100)).toBeLessThanOrEqual(1500);
    expect(await visitsWith(1000)).toBeLessThanOrEqual(1500);
  });

  it('is accepted as often as DATA frames and calls justify it, and not more often', async () => {
    await open();
    for (let call = 0; call < 3000; call++) {
      const stream = 2 * call + 1;
      client.send(...whole(stream), windowUpdateFrame(stream, 1), windowUpdateFrame(0, 1));
      if (call % 500 === 0) await settled();
    }
    await settled();
    client.send(Buffer.concat(Array.from({ length: 30_000 }, () => windowUpdateFrame(0, 1))));
    expect(await client.goAwayCode()).toBe(ErrorCode.ENHANCE_YOUR_CALM);
    await close();
  });
});

describe('responses for a closed window', () => {
  const limits = { maxUnsentBytes: MIB };

  it('are held for few calls, and close the connection for many', async () => {
    await open(limits);
    client.send(settingsFrame([[INITIAL_WINDOW_SIZE, 0]]), ...clientStreams(10).map(large));
    await settled();
    expect(server.budget.reserved).toBe(10 * 80_000);
    expect(client.frames.some(({ type }) => type === FrameType.GOAWAY)).toBe(false);
    client.send(...clientStreams(100).slice(10).map(large));
    expect(await client.goAwayCode()).toBe(ErrorCode.ENHANCE_YOUR_CALM);
    await client.closed();
    expect(server.budget.reserved).toBe(0);
    await close();
  });

  it('are released as the client takes them', async () => {
    await open(limits);
    client.send(settingsFrame([[INITIAL_WINDOW_SIZE, 0]]), ...clientStreams(10).map(large));
    await settled();
    client.send(
      windowUpdateFrame(0, 10 * 80_000),
      ...clientStreams(10).map((stream) => windowUpdateFrame(stream, 80_000)),
    );
    await settled();
    expect(server.budget.reserved).toBe(0);
    await close();
  });

  it('close the connection if the client takes none in time, although it answers PING', async () => {
    await open();
    client.send(settingsFrame([[INITIAL_WINDOW_SIZE, 0]]), large(1));
    await settled();
    const { connection } = server;
    const now = performance.now();
    connection.checkTime(now);
    connection.checkTime(now + 59_000);
    await settled();
    connection.checkTime(now + 61_000);
    expect(await client.goAwayCode()).toBe(ErrorCode.ENHANCE_YOUR_CALM);
    expect(server.budget.reserved).toBe(0);
    await close();
  });

  it('count also if the client opens its windows and does not read', async () => {
    await open({ maxUnsentBytes: 8 * MIB });
    client.send(
      settingsFrame([[INITIAL_WINDOW_SIZE, 0x7fffffff]]),
      windowUpdateFrame(0, 0x7fff0000 - 65_535),
    );
    await settled();
    client.socket.pause();
    client.send(...clientStreams(400).map(large));
    // 32 MB: what exceeds the buffers of the operating system and the high-water mark of 1 MiB is reserved, up to the limit.
    await expect.poll(() => server.cancelled.length).toBeGreaterThan(50);
    expect(server.budget.reserved).toBe(0);
    server.connection.checkTime(performance.now() + 2000);
    await expect.poll(() => server.connection as unknown).toBeUndefined();
    await close();
  });
});

describe('compressed messages', () => {
  /** A budget that knows the most that was reserved. */
  class RecordingBudget implements ByteBudget {
    readonly maxBytes = 32 * MIB;
    reserved = 0;
    most = 0;

    reserve(bytes: number): boolean {
      if (this.reserved + bytes > this.maxBytes) return false;
      this.reserved += bytes;
      this.most = Math.max(this.most, this.reserved);
      return true;
    }

    release(bytes: number): void {
      this.reserved -= bytes;
    }
  }

  const definition: ServiceDefinition = {
    Size: {
      path: '/test/Size',
      requestStream: false,
      responseStream: false,
      requestDeserialize: (bytes) => bytes.length,
      responseSerialize: (size: number) => Buffer.from(String(size)),
    },
  };

  const bomb = gzipSync(Buffer.alloc(8 * MIB));
  const prefix = Buffer.alloc(5);
  prefix[0] = 1;
  prefix.writeUInt32BE(bomb.length, 1);
  const body = Buffer.concat([prefix, bomb]);

  let grpc: GrpcServer<undefined>;
  afterEach(async () => {
    client.destroy();
    await grpc.close();
  });

  it.each([10, 100])('are reserved before they are decompressed: %i of 8 MiB at once', async (calls) => {
    const budget = new RecordingBudget();
    grpc = new GrpcServer({ onCall: () => undefined, budget, maxMessageBytes: 8 * MIB });
    grpc.addService(definition, {
      Size: ({ request }: ServerCall<number>, callback: SendUnary<number>) => {
        callback(null, request);
      },
    });
    const { port } = await grpc.listen(0, '127.0.0.1');
    client = new Http2Socket(port);
    const ids = clientStreams(calls);
    client.send(
      ...ids.flatMap((stream) => [
        Http2Socket.headers(stream, [
          ...head.slice(0, 2),
          [':path', '/test/Size'],
          ['content-type', 'application/grpc'],
          ['grpc-encoding', 'gzip'],
        ]),
        data(stream, body, Flag.END_STREAM),
      ]),
    );
    for (const stream of ids) {
      await client.frame(
        (frame) =>
          frame.stream === stream &&
          frame.type === FrameType.HEADERS &&
          (frame.flags & Flag.END_STREAM) !== 0,
      );
    }
    const answered = client.frames.filter(({ type }) => type === FrameType.DATA).length;
    expect(answered).toBeGreaterThan(0);
    expect(answered).toBeLessThan(calls);
    expect(budget.most).toBeLessThanOrEqual(32 * MIB);
    expect(budget.reserved).toBe(0);
  });
});
