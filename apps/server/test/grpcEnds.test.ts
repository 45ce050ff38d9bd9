import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  encodeFrame,
  ErrorCode,
  Flag,
  FrameType,
  Http2Socket,
  resetFrame,
  settingsFrame,
  windowUpdateFrame,
} from '@onda/grpc-server/testing';
import { callFields, framed, ModelInfer, ModelStreamInfer, stateless } from './support/grpcWire.ts';
import { startService } from './support/service.ts';
import type { ServiceProcess } from './support/service.ts';

const INFER = ModelInfer.path;
const STREAM = ModelStreamInfer.path;

let service: ServiceProcess;

beforeAll(async () => {
  service = await startService(undefined, ['--grpc-port', '0', '--metrics-port', '0']);
});
afterAll(async () => {
  await service.stop();
});
afterEach(() => {
  expect(service.stderr()).not.toContain('    at ');
});

function open({ ready }: ServiceProcess): Http2Socket {
  return new Http2Socket(Number(new URL(`http://${ready.grpc ?? ''}`).port));
}

describe('the end of a call', () => {
  it('ends a stream after bytes that are not a message, after the earlier responses', async () => {
    const socket = open(service);
    socket.send(
      Http2Socket.headers(1, callFields(STREAM)),
      encodeFrame(FrameType.DATA, 0, 1, framed(stateless([0.5]))),
    );
    await socket.frameOfType(FrameType.DATA, 1);
    socket.send(encodeFrame(FrameType.DATA, 0, 1, framed(Buffer.of(0xff))));
    const last = await socket.frame(
      ({ type, flags }) => type === FrameType.HEADERS && (flags & Flag.END_STREAM) !== 0,
    );
    expect(last.payload.toString('latin1')).toContain('grpc-status');
    // The client need not send more, and what it sends is let by.
    expect(await socket.resetCode(1)).toBe(ErrorCode.NO_ERROR);
    socket.send(
      encodeFrame(FrameType.DATA, 0, 1, Buffer.alloc(100)),
      encodeFrame(FrameType.PING, 0, 0, Buffer.alloc(8)),
    );
    await socket.frameOfType(FrameType.PING);
    socket.destroy();
  });

  it('does not run what its client has cancelled, or whose deadline has passed', async () => {
    const before = await metrics();
    const socket = open(service);
    // Room for the long answers.
    socket.send(settingsFrame([[4, 0x7fffffff]]), windowUpdateFrame(0, 0x7fff0000));
    // Runs of half a second each, and behind them what waits for them.
    const long = framed(stateless(new Array<number>(60_000).fill(0.5)));
    for (const stream of [1, 3, 5]) {
      socket.send(Http2Socket.headers(stream, callFields(INFER)));
      for (let at = 0; at < long.length; at += 16_384) {
        const part = long.subarray(at, at + 16_384);
        socket.send(
          encodeFrame(FrameType.DATA, at + 16_384 < long.length ? 0 : Flag.END_STREAM, stream, part),
        );
      }
    }
    const message = framed(stateless([0.5]));
    for (let stream = 7; stream <= 25; stream += 2) {
      const fields = stream > 15 ? callFields(INFER, ['grpc-timeout', '1m']) : callFields(INFER);
      socket.send(
        Http2Socket.headers(stream, fields),
        encodeFrame(FrameType.DATA, Flag.END_STREAM, stream, message),
      );
      if (stream <= 15) socket.send(resetFrame(stream, ErrorCode.CANCEL));
    }
    for (let stream = 17; stream <= 25; stream += 2) {
      const { payload } = await socket.frameOfType(FrameType.HEADERS, stream);
      expect(payload.toString('latin1')).toContain('the deadline of the call passed before its response');
    }
    for (const stream of [1, 3, 5]) await socket.frameOfType(FrameType.DATA, stream);
    socket.destroy();
    await expect.poll(async () => (await metrics()).canceled - before.canceled).toBe(10);
    const after = await metrics();
    expect(after.rows - before.rows).toBe(3);
  });

  it('sends GOAWAY at SIGTERM, and answers the requests in flight', async () => {
    const other = await startService(undefined, ['--grpc-port', '0', '--drain-delay-ms', '0']);
    const socket = open(other);
    await socket.frameOfType(FrameType.SETTINGS);
    const stopped = other.stop();
    const farewell = await socket.frameOfType(FrameType.PING);
    expect((await socket.frameOfType(FrameType.GOAWAY)).payload.readUInt32BE(0)).toBe(0x7fffffff);
    // It came to the client, who had sent a call before.
    socket.send(
      Http2Socket.headers(1, callFields(INFER)),
      encodeFrame(FrameType.DATA, Flag.END_STREAM, 1, framed(stateless([0.5]))),
      encodeFrame(FrameType.PING, Flag.ACK, 0, farewell.payload),
    );
    await socket.closed();
    const goAways = socket.frames.filter(({ type }) => type === FrameType.GOAWAY);
    expect(goAways.map(({ payload }) => [payload.readUInt32BE(0), payload.readUInt32BE(4)])).toEqual([
      [0x7fffffff, ErrorCode.NO_ERROR],
      [1, ErrorCode.NO_ERROR],
    ]);
    expect(socket.frames.some(({ type, stream }) => type === FrameType.DATA && stream === 1)).toBe(true);
    expect(await stopped).toBe(0);
  });
});

async function metrics(): Promise<{ rows: number; canceled: number }> {
  const text = await (await fetch(`${service.ready.metrics ?? ''}/metrics`)).text();
  const sum = (pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0);
  return {
    rows: sum(/^nv_inference_count\{[^}]*\} (\d+)$/m),
    canceled: sum(/^nv_inference_request_failure\{[^}]*reason="CANCELED"[^}]*\} (\d+)$/m),
  };
}
