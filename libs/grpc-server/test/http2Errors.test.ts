import { describe, expect, it } from 'vitest';
import {
  ErrorCode,
  Flag,
  encodeFrame,
  FrameType,
  resetFrame,
  windowUpdateFrame,
} from '../src/http2/frames.ts';
import { settingsFrame } from '../src/http2/settings.ts';
import { begin, data, EchoFixture, nothing, uint32, whole } from './support/echoServer.ts';
import { CLIENT_PREFACE } from '../src/testing/http2Socket.ts';

const echo = new EchoFixture();

describe('a connection that breaks the rules of RFC 9113', () => {
  it.each<[name: string, code: number, frames: Buffer[]]>([
    ['a frame larger than allowed', ErrorCode.FRAME_SIZE_ERROR, [data(1, Buffer.alloc(16_385))]],
    ['DATA of no stream', ErrorCode.PROTOCOL_ERROR, [data(0, 'a')]],
    ['DATA of a stream that is not begun', ErrorCode.PROTOCOL_ERROR, [data(5, 'a')]],
    [
      'DATA of a stream that has ended',
      ErrorCode.STREAM_CLOSED,
      [...whole(1), resetFrame(1, 8), data(1, 'a')],
    ],
    [
      'padding as long as its frame',
      ErrorCode.PROTOCOL_ERROR,
      [begin(1), encodeFrame(FrameType.DATA, Flag.PADDED, 1, Buffer.of(2, 0))],
    ],
    [
      'padding without its length',
      ErrorCode.PROTOCOL_ERROR,
      [begin(1), encodeFrame(FrameType.DATA, Flag.PADDED, 1, nothing)],
    ],
    ['HEADERS of no stream', ErrorCode.PROTOCOL_ERROR, [begin(0)]],
    ['HEADERS of an even stream', ErrorCode.PROTOCOL_ERROR, [begin(2)]],
    ['HEADERS of a stream that was passed over', ErrorCode.STREAM_CLOSED, [begin(5), begin(3)]],
    [
      'HEADERS too short for a priority',
      ErrorCode.FRAME_SIZE_ERROR,
      [encodeFrame(FrameType.HEADERS, Flag.PRIORITY | 4, 1, Buffer.alloc(4))],
    ],
    [
      'a header block that cannot be read',
      ErrorCode.COMPRESSION_ERROR,
      [encodeFrame(FrameType.HEADERS, 4, 1, Buffer.of(0x80))],
    ],
    [
      'a table that is too large',
      ErrorCode.COMPRESSION_ERROR,
      [encodeFrame(FrameType.HEADERS, 4, 1, Buffer.of(0x3f, 0xe2, 0x1f))],
    ],
    [
      'CONTINUATION of nothing',
      ErrorCode.PROTOCOL_ERROR,
      [begin(1), encodeFrame(FrameType.CONTINUATION, 4, 1, nothing)],
    ],
    [
      'CONTINUATION of another stream',
      ErrorCode.PROTOCOL_ERROR,
      [encodeFrame(FrameType.HEADERS, 0, 1, nothing), encodeFrame(FrameType.CONTINUATION, 4, 3, nothing)],
    ],
    [
      'a frame within a header block',
      ErrorCode.PROTOCOL_ERROR,
      [encodeFrame(FrameType.HEADERS, 0, 1, nothing), encodeFrame(FrameType.PING, 0, 0, Buffer.alloc(8))],
    ],
    [
      'an endless header block',
      ErrorCode.ENHANCE_YOUR_CALM,
      [
        encodeFrame(FrameType.HEADERS, 0, 1, nothing),
        ...Array.from({ length: 20 }, () => encodeFrame(FrameType.CONTINUATION, 0, 1, nothing)),
      ],
    ],
    [
      'a header block that is too large',
      ErrorCode.ENHANCE_YOUR_CALM,
      [
        encodeFrame(FrameType.HEADERS, 0, 1, nothing),
        ...Array.from({ length: 3 }, () => encodeFrame(FrameType.CONTINUATION, 0, 1, Buffer.alloc(16_000))),
      ],
    ],
    [
      'PRIORITY of no stream',
      ErrorCode.PROTOCOL_ERROR,
      [encodeFrame(FrameType.PRIORITY, 0, 0, Buffer.alloc(5))],
    ],
    [
      'RST_STREAM of another size',
      ErrorCode.FRAME_SIZE_ERROR,
      [begin(1), encodeFrame(FrameType.RST_STREAM, 0, 1, nothing)],
    ],
    ['RST_STREAM of a stream that is not begun', ErrorCode.PROTOCOL_ERROR, [resetFrame(1, 8)]],
    ['SETTINGS of a stream', ErrorCode.PROTOCOL_ERROR, [encodeFrame(FrameType.SETTINGS, 0, 1, nothing)]],
    [
      'SETTINGS of half an entry',
      ErrorCode.FRAME_SIZE_ERROR,
      [encodeFrame(FrameType.SETTINGS, 0, 0, Buffer.alloc(3))],
    ],
    [
      'SETTINGS answered with bytes',
      ErrorCode.FRAME_SIZE_ERROR,
      [encodeFrame(FrameType.SETTINGS, Flag.ACK, 0, Buffer.alloc(6))],
    ],
    ['a push that is neither on nor off', ErrorCode.PROTOCOL_ERROR, [settingsFrame([[2, 2]])]],
    ['a first window that is too large', ErrorCode.FLOW_CONTROL_ERROR, [settingsFrame([[4, 0x80000000]])]],
    ['frames that are too small', ErrorCode.PROTOCOL_ERROR, [settingsFrame([[5, 16_383]])]],
    ['frames that are too large', ErrorCode.PROTOCOL_ERROR, [settingsFrame([[5, 0x1000000]])]],
    [
      'endless settings',
      ErrorCode.ENHANCE_YOUR_CALM,
      [settingsFrame(Array.from({ length: 100 }, () => [9, 9]))],
    ],
    ['PUSH_PROMISE', ErrorCode.PROTOCOL_ERROR, [encodeFrame(FrameType.PUSH_PROMISE, 4, 1, uint32(2))]],
    ['PING of a stream', ErrorCode.PROTOCOL_ERROR, [encodeFrame(FrameType.PING, 0, 1, Buffer.alloc(8))]],
    [
      'PING of another size',
      ErrorCode.FRAME_SIZE_ERROR,
      [encodeFrame(FrameType.PING, 0, 0, Buffer.alloc(7))],
    ],
    ['GOAWAY of a stream', ErrorCode.PROTOCOL_ERROR, [encodeFrame(FrameType.GOAWAY, 0, 1, Buffer.alloc(8))]],
    ['GOAWAY too short', ErrorCode.FRAME_SIZE_ERROR, [encodeFrame(FrameType.GOAWAY, 0, 0, Buffer.alloc(7))]],
    [
      'WINDOW_UPDATE of another size',
      ErrorCode.FRAME_SIZE_ERROR,
      [encodeFrame(FrameType.WINDOW_UPDATE, 0, 0, Buffer.alloc(3))],
    ],
    ['WINDOW_UPDATE of a stream that is not begun', ErrorCode.PROTOCOL_ERROR, [windowUpdateFrame(1, 1)]],
    ['WINDOW_UPDATE of 0', ErrorCode.PROTOCOL_ERROR, [windowUpdateFrame(0, 0)]],
    [
      'a window of all streams beyond 2^31 - 1',
      ErrorCode.FLOW_CONTROL_ERROR,
      [windowUpdateFrame(0, 0x7fffffff)],
    ],
    [
      'windows beyond 2^31 - 1 by a setting',
      ErrorCode.FLOW_CONTROL_ERROR,
      [begin(1), windowUpdateFrame(1, 0x7fff0000), settingsFrame([[4, 0x7fffffff]])],
    ],
    [
      'endless PINGs',
      ErrorCode.ENHANCE_YOUR_CALM,
      Array.from({ length: 5000 }, () => encodeFrame(FrameType.PING, 0, 0, Buffer.alloc(8))),
    ],
    ['endless SETTINGS', ErrorCode.ENHANCE_YOUR_CALM, Array.from({ length: 5000 }, () => settingsFrame([]))],
    [
      'endless empty DATA',
      ErrorCode.ENHANCE_YOUR_CALM,
      [begin(1), ...Array.from({ length: 5000 }, () => data(1, ''))],
    ],
    [
      'endless unknown frames',
      ErrorCode.ENHANCE_YOUR_CALM,
      Array.from({ length: 5000 }, () => encodeFrame(99, 0, 0, nothing)),
    ],
    [
      'continuous needless WINDOW_UPDATE frames',
      ErrorCode.ENHANCE_YOUR_CALM,
      Array.from({ length: 5000 }, () => windowUpdateFrame(0, 1)),
    ],
    [
      'streams that are opened and reset continuously',
      ErrorCode.ENHANCE_YOUR_CALM,
      Array.from({ length: 3000 }, (_, index) => [begin(2 * index + 1), resetFrame(2 * index + 1, 8)]).flat(),
    ],
    [
      'invalid streams that the server resets, continuously',
      ErrorCode.ENHANCE_YOUR_CALM,
      Array.from({ length: 3000 }, (_, index) => [
        begin(2 * index + 1),
        windowUpdateFrame(2 * index + 1, 0),
      ]).flat(),
    ],
  ])('ends the connection for %s, and says so', async (_name, code, frames) => {
    echo.open().send(...frames);
    expect(await echo.client.goAwayCode()).toBe(code);
    await echo.client.closed();
  });

  it('ends a connection that does not begin as HTTP/2 does', async () => {
    echo.open(false).send(Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'));
    expect(await echo.client.goAwayCode()).toBe(ErrorCode.PROTOCOL_ERROR);
    echo.open(false).send(CLIENT_PREFACE, encodeFrame(FrameType.PING, 0, 0, Buffer.alloc(8)));
    expect(await echo.client.goAwayCode()).toBe(ErrorCode.PROTOCOL_ERROR);
  });
});
