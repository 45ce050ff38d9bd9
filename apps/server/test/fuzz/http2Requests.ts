import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '@onda/series';
import {
  CLIENT_PREFACE,
  clientStreams,
  encodeFrame,
  Flag,
  FrameType,
  Http2Socket,
  resetFrame,
  settingsFrame,
  windowUpdateFrame,
} from '@onda/grpc-server/testing';
import {
  callFields,
  framed,
  ModelInfer,
  ModelStreamInfer,
  repeatedField,
  stateless,
} from '../support/grpcWire.ts';
import { mutateBytes, randomBytes } from './mutateBytes.ts';
import { pick } from './mutateJson.ts';

const message = framed(stateless([0.5]));

const head = (stream: number, ...more: [string, string][]): Buffer =>
  Http2Socket.headers(stream, callFields(ModelInfer.path, ...more));
const body = (stream: number, bytes: Buffer = message, flags: number = Flag.END_STREAM): Buffer =>
  encodeFrame(FrameType.DATA, flags, stream, bytes);
const times = (count: number, frame: Buffer): Buffer[] => Array.from({ length: count }, () => frame);

type Send = (socket: Http2Socket, random: Random) => Promise<void> | void;

/** What no client would send over HTTP/2. */
const ways: readonly Send[] = [
  // Right calls with a few bits changed, anywhere.
  (socket, random) => {
    const calls = Buffer.concat(
      clientStreams(1 + random.int(5)).flatMap((stream) => [head(stream), body(stream)]),
    );
    socket.send(mutateBytes(calls, random));
  },
  (socket, random) => {
    socket.send(randomBytes(random, 1 + random.int(300)));
  },
  // A frame of any type, with any flags, for any stream.
  (socket, random) => {
    socket.send(head(1));
    for (let left = random.int(20); left > 0; left--) {
      socket.send(
        encodeFrame(
          random.int(12),
          random.int(256),
          pick(random, [0, 1, 2, 3, 0x7fffffff]),
          randomBytes(random, random.int(40)),
        ),
      );
    }
  },
  // Header blocks that are odd, whole and in parts.
  (socket, random) => {
    const flags = pick(random, [0, 4, 5, 0x24, 0x2c]);
    socket.send(encodeFrame(FrameType.HEADERS, flags, 1, randomBytes(random, random.int(200))));
    socket.send(encodeFrame(FrameType.CONTINUATION, 4, 1, randomBytes(random, random.int(50))));
  },
  // A list that is far larger than its block: one field named again and again.
  (socket) => {
    socket.send(encodeFrame(FrameType.HEADERS, 4, 1, repeatedField(12_000)));
  },
  // The table made large, small and large.
  (socket, random) => {
    socket.send(
      encodeFrame(
        FrameType.HEADERS,
        5,
        1,
        Buffer.concat(times(random.int(4), Buffer.of(0x20, 0x3f, 0xe1, 0x1f))),
      ),
    );
  },
  // Floods.
  (socket, random) => {
    const flood = pick(random, [
      encodeFrame(FrameType.PING, 0, 0, Buffer.alloc(8)),
      settingsFrame([[4, random.int(2 ** 31)]]),
      encodeFrame(FrameType.PRIORITY, 0, 1, Buffer.of(0, 0, 0, 9, 1)),
      body(1, Buffer.alloc(0), 0),
      encodeFrame(200, 0, 0, Buffer.alloc(0)),
      windowUpdateFrame(0, 1),
    ]);
    socket.send(head(1), ...times(3000, flood));
  },
  // Calls that are begun and reset at once, by the client and by its faults.
  (socket) => {
    socket.send(
      ...clientStreams(1500).flatMap((stream) => [head(stream), body(stream), resetFrame(stream, 8)]),
    );
  },
  (socket) => {
    socket.send(...clientStreams(1500).flatMap((stream) => [head(stream), windowUpdateFrame(stream, 0)]));
  },
  // More calls than a connection may have, none of them whole.
  (socket, random) => {
    socket.send(
      ...clientStreams(1100).flatMap((stream) => [
        head(stream),
        body(stream, message.subarray(0, random.int(20)), 0),
      ]),
    );
  },
  // Messages that say they are large, and never come.
  (socket, random) => {
    const large = Buffer.concat([Buffer.of(random.int(2), 0, 0x7f, 0xff, 0xff), Buffer.alloc(100)]);
    socket.send(
      ...clientStreams(50).flatMap((stream) => [
        head(stream, ['grpc-encoding', 'gzip']),
        body(stream, large, 0),
      ]),
    );
  },
  // Responses without a flow-control window.
  (socket) => {
    socket.send(
      settingsFrame([[4, 0]]),
      ...clientStreams(100).flatMap((stream) => [head(stream), body(stream)]),
    );
  },
  // Half a frame, and half a preface.
  (socket, random) => {
    socket.send(head(1).subarray(0, 1 + random.int(40)));
  },
  // A slow writer, who gives up.
  async (socket, random) => {
    for (const byte of Buffer.concat([head(1), body(1)]).subarray(0, 5 + random.int(20))) {
      socket.send(Buffer.of(byte));
      await delay(1);
    }
  },
  // Cut off while answers are on their way.
  (socket) => {
    socket.send(...clientStreams(50).flatMap((stream) => [head(stream), body(stream)]));
    socket.socket.resetAndDestroy();
  },
  // A stream with messages after one that is none.
  (socket, random) => {
    const bytes = [message, mutateBytes(message, random), message, message.subarray(0, random.int(30))];
    socket.send(
      Http2Socket.headers(1, callFields(ModelStreamInfer.path)),
      body(1, Buffer.concat(bytes), random.int(2)),
    );
  },
];

/** How long the service may take for what can be answered, milliseconds. */
const PATIENCE_MS = 300;

/**
 * Sends malformed bytes over a separate connection.
 *
 * @returns what of the service's frames must not be: a status of its own defects
 */
export async function sendHttp2(port: number, random: Random): Promise<string[]> {
  const greet = random.int(20) > 0;
  const socket = new Http2Socket(port, greet);
  if (!greet) socket.send(mutateBytes(CLIENT_PREFACE, random));
  await pick(random, ways)(socket, random);
  await Promise.race([socket.closed(), delay(PATIENCE_MS, undefined, { ref: false })]);
  socket.destroy();
  return socket.frames
    .filter(({ type, payload }) => isDefect(type, payload))
    .map(({ type, payload }) => `frame ${type}: ${payload.toString('latin1')}`);
}

/** INTERNAL_ERROR of HTTP/2, UNKNOWN and INTERNAL of gRPC. */
function isDefect(type: number, payload: Buffer): boolean {
  if (type === FrameType.GOAWAY) return payload.readUInt32BE(4) === 2;
  if (type === FrameType.RST_STREAM) return payload.readUInt32BE(0) === 2;
  return type === FrameType.HEADERS && /grpc-status(?:\x012|\x0213)/.test(payload.toString('latin1'));
}
