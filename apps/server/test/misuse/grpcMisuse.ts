import { gzipSync } from 'node:zlib';
import {
  clientStreams,
  encodeFrame,
  Flag,
  FrameType,
  Http2Socket,
  resetFrame,
  settingsFrame,
  windowUpdateFrame,
} from '@onda/grpc-server/testing';
import { callFields, framed, ModelInfer, repeatedField, stateless } from '../support/grpcWire.ts';
import type { MisuseCase, Target } from './misuseCase.ts';

const CHECK = '/grpc.health.v1.Health/Check';
const MIB = 1024 * 1024;

/** Payload of DATA frames: what every server accepts. */
const FRAME_BYTES = 16_384;

const INITIAL_WINDOW_SIZE = 4;

function call(
  { token }: Target,
  stream: number,
  path = ModelInfer.path,
  ...more: [string, string][]
): Buffer {
  const authorization: [string, string][] = token === undefined ? [] : [['authorization', `Bearer ${token}`]];
  return Http2Socket.headers(stream, callFields(path, ...authorization, ...more));
}

/** DATA frames of a body. */
function data(stream: number, bytes: Buffer, flags: number = Flag.END_STREAM): Buffer {
  const frames: Buffer[] = [];
  for (let start = 0; start < bytes.length || start === 0; start += FRAME_BYTES) {
    const part = bytes.subarray(start, start + FRAME_BYTES);
    frames.push(encodeFrame(FrameType.DATA, start + FRAME_BYTES >= bytes.length ? flags : 0, stream, part));
  }
  return Buffer.concat(frames);
}

/** Waits until the service has handled what was sent before, or has closed the connection. */
async function settled(socket: Http2Socket): Promise<void> {
  const payload = Buffer.from('settled.');
  socket.send(encodeFrame(FrameType.PING, 0, 0, payload));
  const answer = socket.frame(({ type, payload: got }) => type === FrameType.PING && got.equals(payload));
  await answer.catch(() => undefined);
}

/** Waits for the end of a response, or of the connection. */
async function ended(socket: Http2Socket, id: number): Promise<void> {
  const last = socket.frame(
    ({ type, flags, stream }) =>
      stream === id && type === FrameType.HEADERS && (flags & Flag.END_STREAM) !== 0,
  );
  await last.catch(() => undefined);
}

/** A case over one connection. */
function connectionCase(
  name: string,
  unit: string,
  count: number,
  write: (socket: Http2Socket, target: Target, count: number) => Promise<void> | void,
): MisuseCase {
  return {
    name,
    unit,
    count,
    send: async (target, times) => {
      const socket = new Http2Socket(target.grpcPort);
      await write(socket, target, times);
      await settled(socket);
      socket.destroy();
    },
  };
}

/** A case of one frame many times, after the head of a call. */
function frameCase(name: string, frame: Buffer): MisuseCase {
  return connectionCase(name, 'frames', 2000, (socket, target, count) => {
    socket.send(call(target, 1), Buffer.alloc(frame.length * count, frame));
  });
}

/** A case of one message, compressed, that has a field many times. */
function fieldCase(name: string, count: number, messageOf: (count: number) => Buffer): MisuseCase {
  return connectionCase(`a message with ${name}`, 'fields', count, async (socket, target, times) => {
    const message = framed(gzipSync(messageOf(times), { level: 1 }), 1);
    socket.send(call(target, 1, ModelInfer.path, ['grpc-encoding', 'gzip']), data(1, message));
    await ended(socket, 1);
  });
}

const times = (count: number, ...bytes: number[]): Buffer =>
  Buffer.alloc(bytes.length * count, Buffer.of(...bytes));

/** A length-delimited field. */
function field(tag: number, bytes: Buffer): Buffer {
  const size: number[] = [];
  let left = bytes.length;
  for (; left >= 0x80; left >>>= 7) size.push((left & 0x7f) | 0x80);
  return Buffer.concat([Buffer.of(tag, ...size, left), bytes]);
}

/** A message with one input that has these contents. */
function withContents(contents: Buffer): Buffer {
  const input = [field(0x0a, Buffer.from('x')), field(0x12, Buffer.from('BYTES')), field(0x2a, contents)];
  return Buffer.concat([field(0x0a, Buffer.from('lagged-sine')), field(0x2a, Buffer.concat(input))]);
}

const message = framed(stateless([0.5]));
const bomb = framed(gzipSync(Buffer.alloc(8 * MIB)), 1);

/** Calls that each have one compressed message of 8 MiB. */
function bombs(path: string): MisuseCase['send'] {
  return async (target, count) => {
    const socket = new Http2Socket(target.grpcPort);
    const ids = clientStreams(count);
    socket.send(...ids.flatMap((id) => [call(target, id, path, ['grpc-encoding', 'gzip']), data(id, bomb)]));
    for (const id of ids) await ended(socket, id);
    socket.destroy();
  };
}

/** Misuse of HTTP/2, gRPC and protobuf. */
export const grpcCases: readonly MisuseCase[] = [
  frameCase('PING', encodeFrame(FrameType.PING, 0, 0, Buffer.alloc(8))),
  frameCase('SETTINGS', settingsFrame([[INITIAL_WINDOW_SIZE, 70_000]])),
  frameCase('PRIORITY', encodeFrame(FrameType.PRIORITY, 0, 1, Buffer.of(0, 0, 0, 9, 1))),
  frameCase('empty DATA', encodeFrame(FrameType.DATA, 0, 1, Buffer.alloc(0))),
  frameCase('padded DATA', encodeFrame(FrameType.DATA, Flag.PADDED, 1, Buffer.of(1, 0))),
  frameCase('WINDOW_UPDATE of a stream', windowUpdateFrame(1, 1)),
  frameCase('GOAWAY', encodeFrame(FrameType.GOAWAY, 0, 0, Buffer.alloc(8))),
  frameCase('an unknown type', encodeFrame(200, 0, 0, Buffer.alloc(0))),
  frameCase('CONTINUATION', encodeFrame(FrameType.CONTINUATION, 0, 1, Buffer.alloc(0))),
  frameCase('PUSH_PROMISE', encodeFrame(FrameType.PUSH_PROMISE, 0, 1, Buffer.alloc(4))),
  connectionCase('WINDOW_UPDATE with waiting streams', 'frames', 2000, async (socket, target, count) => {
    // The first response uses the window of the connection up; the others wait.
    const large = framed(stateless(Array.from({ length: 20_000 }, () => 0.5)));
    socket.send(settingsFrame([[INITIAL_WINDOW_SIZE, MIB]]), call(target, 1), data(1, large));
    await settled(socket);
    socket.send(...clientStreams(1000).flatMap((id) => [call(target, id + 2), data(id + 2, message)]));
    await settled(socket);
    socket.send(Buffer.alloc(13 * count, windowUpdateFrame(0, 1)));
  }),
  connectionCase('calls that are reset', 'calls', 500, (socket, target, count) => {
    socket.send(
      ...clientStreams(count).flatMap((id) => [call(target, id), data(id, message), resetFrame(id, 8)]),
    );
  }),
  connectionCase('calls without a message', 'calls', 500, (socket, target, count) => {
    socket.send(...clientStreams(count).map((id) => call(target, id)));
  }),
  connectionCase('calls', 'calls', 500, (socket, target, count) => {
    socket.send(...clientStreams(count).flatMap((id) => [call(target, id), data(id, message)]));
  }),
  connectionCase('header blocks of many fields', 'fields', 2000, (socket, target, count) => {
    const fields = Array.from({ length: 200 }, (_, index): [string, string] => [`h${index}`, '1']);
    socket.send(...clientStreams(count / 200).map((id) => call(target, id, ModelInfer.path, ...fields)));
  }),
  connectionCase('one large field, repeated by its index', 'indexes', 1500, (socket, _target, count) => {
    const block = repeatedField(Math.min(count, 12_000));
    socket.send(encodeFrame(FrameType.HEADERS, Flag.END_HEADERS, 1, block));
  }),
  connectionCase('responses for a closed window', 'calls of 80 KB', 30, async (socket, target, count) => {
    const large = framed(stateless(Array.from({ length: 20_000 }, () => 0.5)));
    socket.send(settingsFrame([[INITIAL_WINDOW_SIZE, 0]]));
    for (const id of clientStreams(count)) {
      socket.send(call(target, id), data(id, large));
      if (id % 20 === 1) await settled(socket);
    }
  }),
  connectionCase('messages that stall', 'calls with 1 of 4 MiB', 7, (socket, target, count) => {
    const part = framed(Buffer.alloc(4 * MIB)).subarray(0, MIB - FRAME_BYTES);
    socket.send(...clientStreams(count).flatMap((id) => [call(target, id), data(id, part, 0)]));
  }),
  connectionCase('health probes', 'calls', 100, (socket, target, count) => {
    const probe = framed(Buffer.alloc(0));
    socket.send(
      ...clientStreams(count).flatMap((id) => [
        call({ ...target, token: undefined }, id, CHECK),
        data(id, probe),
      ]),
    );
  }),
  { name: 'compressed messages of 8 MiB', unit: 'calls', count: 8, send: bombs(ModelInfer.path) },
  { name: 'compressed health probes of 8 MiB', unit: 'calls', count: 8, send: bombs(CHECK) },
  fieldCase('raw contents', 400_000, (count) => times(count, 0x3a, 0)),
  fieldCase('inputs', 400_000, (count) => times(count, 0x2a, 0)),
  fieldCase('outputs', 400_000, (count) => times(count, 0x32, 0)),
  fieldCase('parameters', 400_000, (count) => times(count, 0x22, 0)),
  fieldCase('ids', 400_000, (count) => times(count, 0x1a, 0)),
  fieldCase('unknown fields', 400_000, (count) => times(count, 0x78, 0)),
  fieldCase('dims', 400_000, (count) => field(0x2a, times(count, 0x18, 1))),
  fieldCase('strings', 400_000, (count) => withContents(times(count, 0x42, 0))),
  fieldCase('packed values', 800_000, (count) => withContents(field(0x0a, times(count, 1)))),
  fieldCase('values', 400_000, (count) => withContents(times(count, 0x08, 1))),
];
