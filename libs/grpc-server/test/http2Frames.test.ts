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
import { begin, data, EchoFixture, head, hold, whole } from './support/echoServer.ts';
import { Http2Socket, CLIENT_PREFACE } from '../src/testing/http2Socket.ts';

const echo = new EchoFixture();

/** What a stream was answered with, once it has ended. */
async function bodyOf(stream: number): Promise<string> {
  await echo.client.frame(
    (frame) => frame.stream === stream && frame.type === FrameType.HEADERS && (frame.flags & 1) !== 0,
  );
  const parts = echo.client.frames.filter(
    (frame) => frame.stream === stream && frame.type === FrameType.DATA,
  );
  return Buffer.concat(parts.map(({ payload }) => payload)).toString();
}

describe('HTTP/2 by RFC 9113', () => {
  it('answers, whatever pieces the bytes come in', async () => {
    echo.open(false);
    const bytes = Buffer.concat([
      CLIENT_PREFACE,
      settingsFrame([]),
      ...whole(1, 'hello'),
      ...whole(3, 'you'),
    ]);
    for (const byte of bytes) {
      echo.client.socket.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await bodyOf(1)).toBe('hello');
    expect(await bodyOf(3)).toBe('you');
    const [first] = echo.client.frames;
    expect([first.type, first.stream]).toEqual([FrameType.SETTINGS, 0]);
    expect(
      echo.client.frames.some(({ type, flags }) => type === FrameType.SETTINGS && flags === Flag.ACK),
    ).toBe(true);
  });

  it('takes padding, priorities, trailers, header blocks in parts, and frames that it does not know', async () => {
    echo.open();
    const block = begin(1).subarray(9);
    echo.client.send(
      encodeFrame(
        FrameType.HEADERS,
        Flag.PRIORITY | Flag.PADDED,
        1,
        Buffer.concat([Buffer.of(2, 0, 0, 0, 0, 9), block.subarray(0, 4), Buffer.alloc(2)]),
      ),
      encodeFrame(FrameType.CONTINUATION, 0, 1, block.subarray(4, 9)),
      encodeFrame(FrameType.CONTINUATION, Flag.END_HEADERS, 1, block.subarray(9)),
      encodeFrame(FrameType.PRIORITY, 0, 7, Buffer.of(0, 0, 0, 0, 9)),
      encodeFrame(77, 255, 1, Buffer.from('what')),
      encodeFrame(
        FrameType.DATA,
        Flag.PADDED,
        1,
        Buffer.concat([Buffer.of(3), Buffer.from('pad'), Buffer.alloc(3)]),
      ),
      Http2Socket.headers(1, [['a', 'b']], Flag.END_HEADERS | Flag.END_STREAM),
    );
    expect(await bodyOf(1)).toBe('pad');
  });

  it('answers a PING with its bytes', async () => {
    echo.open().send(encodeFrame(FrameType.PING, 0, 0, Buffer.from('12345678')));
    const { flags, payload } = await echo.client.frameOfType(FrameType.PING);
    expect([flags, payload.toString()]).toEqual([Flag.ACK, '12345678']);
  });

  it('sends no more than the windows allow, and continues after window updates', async () => {
    echo.open();
    const body = 'y'.repeat(50_000);
    echo.client.send(settingsFrame([[4, 10_000]]), begin(1));
    for (let at = 0; at < body.length; at += 10_000)
      echo.client.send(data(1, body.slice(at, at + 10_000), at === 40_000 ? 1 : 0));
    const sent = (): number =>
      echo.client.frames
        .filter(({ type }) => type === FrameType.DATA)
        .reduce((sum, { payload }) => sum + payload.length, 0);
    await expect.poll(sent).toBe(10_000);
    // A smaller window than was used up is below 0, and 5000 more do not fill it.
    echo.client.send(
      settingsFrame([[4, 0]]),
      windowUpdateFrame(1, 5000),
      encodeFrame(FrameType.PING, 0, 0, Buffer.alloc(8)),
    );
    await echo.client.frameOfType(FrameType.PING);
    expect(sent()).toBe(10_000);
    echo.client.send(windowUpdateFrame(1, 100_000));
    expect(await bodyOf(1)).toBe(body);
  });

  it('shares the window of the connection among its streams', async () => {
    echo.open();
    const body = 'z'.repeat(15_000);
    echo.client.send(settingsFrame([[4, 1_000_000]]));
    for (let stream = 1; stream <= 11; stream += 2) echo.client.send(...whole(stream, body));
    await expect
      .poll(() =>
        echo.client.frames
          .filter(({ type }) => type === FrameType.DATA)
          .reduce((sum, frame) => sum + frame.payload.length, 0),
      )
      .toBe(65_535);
    echo.client.send(windowUpdateFrame(0, 100_000));
    for (let stream = 1; stream <= 11; stream += 2) expect(await bodyOf(stream)).toBe(body);
  });

  it('receives a body larger than the window', async () => {
    echo.open();
    echo.client.send(settingsFrame([[4, 0x7fffffff]]), windowUpdateFrame(0, 0x7fffffff - 65_535), begin(1));
    const part = Buffer.alloc(16_384);
    for (let sent = 0; sent < 640; sent++) echo.client.send(data(1, part));
    await echo.client.frame(({ type, stream }) => type === FrameType.WINDOW_UPDATE && stream === 1);
    echo.client.send(data(1, '', Flag.END_STREAM));
    expect(await bodyOf(1)).toHaveLength(640 * part.length);
  });

  it('notifies the receiver of a reset stream, and all receivers when the connection is lost', async () => {
    echo.open().send(begin(1), begin(3), resetFrame(1, ErrorCode.CANCEL));
    await expect.poll(() => echo.server.cancelled).toEqual([1]);
    echo.client.destroy();
    await expect.poll(() => echo.server.cancelled).toEqual([1, 3]);
  });

  it('refuses streams above the limit', async () => {
    echo.open();
    for (let stream = 1; stream <= 2049; stream += 2) echo.client.send(begin(stream));
    expect(await echo.client.resetCode(2049)).toBe(ErrorCode.REFUSED_STREAM);
    echo.client.send(data(2047, 'last', Flag.END_STREAM));
    expect(await bodyOf(2047)).toBe('last');
  });

  it.each<[name: string, code: number, frames: Buffer[]]>([
    ['DATA beyond its end', ErrorCode.STREAM_CLOSED, [hold(3), data(3, 'a', 1), data(3, 'b')]],
    ['HEADERS within a body', ErrorCode.PROTOCOL_ERROR, [begin(3), begin(3)]],
    [
      'a body shorter than it said',
      ErrorCode.PROTOCOL_ERROR,
      [begin(3, ['content-length', '2']), data(3, 'a', 1)],
    ],
    [
      'a body longer than it said',
      ErrorCode.PROTOCOL_ERROR,
      [begin(3, ['content-length', '0']), data(3, 'a', 1)],
    ],
    ['a length that is not a number', ErrorCode.PROTOCOL_ERROR, [begin(3, ['content-length', '+1'])]],
    ['a name in upper case', ErrorCode.PROTOCOL_ERROR, [begin(3, ['Te', 'trailers'])]],
    ['a value with a line feed', ErrorCode.PROTOCOL_ERROR, [begin(3, ['a', 'b\nc'])]],
    ['a value that begins with a blank', ErrorCode.PROTOCOL_ERROR, [begin(3, ['a', ' b'])]],
    ['an empty name', ErrorCode.PROTOCOL_ERROR, [begin(3, ['', 'b'])]],
    ['te of something else', ErrorCode.PROTOCOL_ERROR, [begin(3, ['te', 'gzip'])]],
    ['fields of HTTP/1.1', ErrorCode.PROTOCOL_ERROR, [begin(3, ['transfer-encoding', 'chunked'])]],
    ['a pseudo field behind others', ErrorCode.PROTOCOL_ERROR, [begin(3, ['a', 'b'], [':authority', 'c'])]],
    ['a pseudo field twice', ErrorCode.PROTOCOL_ERROR, [begin(3, [':path', '/b'])]],
    ['a pseudo field of answers', ErrorCode.PROTOCOL_ERROR, [begin(3, [':status', '200'])]],
    ['no path', ErrorCode.PROTOCOL_ERROR, [Http2Socket.headers(3, head.slice(0, 2))]],
    ['no method', ErrorCode.PROTOCOL_ERROR, [Http2Socket.headers(3, head.slice(1))]],
    [
      'a pseudo field in the trailers',
      ErrorCode.PROTOCOL_ERROR,
      [begin(3), Http2Socket.headers(3, [[':path', '/']], Flag.END_HEADERS | Flag.END_STREAM)],
    ],
    ['a window update of 0', ErrorCode.PROTOCOL_ERROR, [begin(3), windowUpdateFrame(3, 0)]],
    ['a window beyond 2^31 - 1', ErrorCode.FLOW_CONTROL_ERROR, [begin(3), windowUpdateFrame(3, 0x7fffffff)]],
    [
      'a stream that depends on itself',
      ErrorCode.PROTOCOL_ERROR,
      [encodeFrame(FrameType.PRIORITY, 0, 3, Buffer.of(0, 0, 0, 3, 1))],
    ],
    [
      'a priority of another size',
      ErrorCode.FRAME_SIZE_ERROR,
      [begin(3), encodeFrame(FrameType.PRIORITY, 0, 3, Buffer.alloc(4))],
    ],
    [
      'DATA beyond its window',
      ErrorCode.FLOW_CONTROL_ERROR,
      [hold(3), ...Array.from({ length: 65 }, () => data(3, Buffer.alloc(16_384)))],
    ],
    [
      'HEADERS beyond its end',
      ErrorCode.STREAM_CLOSED,
      [hold(3), data(3, 'a', 1), Http2Socket.headers(3, [], Flag.END_HEADERS | Flag.END_STREAM)],
    ],
  ])('resets a stream for %s, and continues', async (_name, code, frames) => {
    // The first stream stays open, so the second is not the only one.
    echo.open().send(...(frames[0].readUInt32BE(5) === 1 ? [] : [begin(1)]), ...frames);
    expect(await echo.client.resetCode(3)).toBe(code);
    echo.client.send(data(1, 'still', Flag.END_STREAM));
    expect(await bodyOf(1)).toBe('still');
  });
});
