import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ErrorCode, Flag, encodeFrame, FrameType } from '../src/http2/frames.ts';
import { settingsFrame } from '../src/http2/settings.ts';
import { SharedByteBudget } from '@onda/contract';
import { Http2Connection } from '../src/http2/connection.ts';
import { defaultLimits as limits } from '../src/options.ts';
import { hold } from './support/echoServer.ts';
import { Http2Socket, CLIENT_PREFACE } from '../src/testing/http2Socket.ts';

let connection: Http2Connection;
let client: Http2Socket;
const late: number[] = [];

const receiver = {
  onData: () => undefined,
  onCancel: () => undefined,
  onDrain: () => undefined,
  onTick: (now: number) => late.push(now),
};

const server = createServer({ allowHalfOpen: true }, (socket) => {
  connection = new Http2Connection(socket, {
    limits,
    budget: new SharedByteBudget(0),
    onRequest: () => receiver,
    onDefect: (error) => {
      throw error;
    },
  });
});

beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => new Promise((resolve) => server.close(resolve)));
afterEach(() => {
  client.destroy();
});

/** A client that has sent something, all of which the server has read. */
async function sent(greet: boolean, ...parts: Buffer[]): Promise<void> {
  client = new Http2Socket((server.address() as AddressInfo).port, greet);
  const ping = encodeFrame(FrameType.PING, 0, 0, Buffer.alloc(8));
  client.send(...(greet ? [ping] : []), ...parts);
  await client.frameOfType(greet ? FrameType.PING : FrameType.SETTINGS);
  // What came behind the PING came with it.
  await new Promise((resolve) => setTimeout(resolve, 20));
}

/** As if so many milliseconds had gone by since. */
function after(milliseconds: number): void {
  connection.checkTime(performance.now());
  connection.checkTime(performance.now() + milliseconds);
}

describe('a connection that is slow or idle', () => {
  it.each<[name: string, greet: boolean, parts: Buffer[], most: number]>([
    ['does not greet', false, [CLIENT_PREFACE.subarray(0, 10)], limits.headerTimeoutMs],
    ['greets by half', false, [CLIENT_PREFACE], limits.headerTimeoutMs],
    [
      'does not continue a header block',
      true,
      [encodeFrame(FrameType.HEADERS, 0, 1, Buffer.alloc(0))],
      limits.headerTimeoutMs,
    ],
    ['does not continue a frame', true, [settingsFrame([[4, 1]]).subarray(0, 12)], limits.messageTimeoutMs],
  ])('is closed at its time limit if it %s', async (_name, greet, parts, most) => {
    await sent(greet, ...parts);
    after(most - 1000);
    expect(client.frames.some(({ type }) => type === FrameType.GOAWAY)).toBe(false);
    after(most + 1000);
    expect(await client.goAwayCode()).toBe(ErrorCode.ENHANCE_YOUR_CALM);
  });

  it('receives GOAWAY when it is idle', async () => {
    await sent(true);
    after(limits.idleTimeoutMs + 1000);
    expect(await client.goAwayCode()).toBe(ErrorCode.NO_ERROR);
  });

  it('receives a keep-alive PING while a call is open, and is closed without an acknowledgment', async () => {
    await sent(true, hold());
    after(limits.pingAfterMs + 1000);
    const asked = await client.frame(({ type, flags }) => type === FrameType.PING && flags === 0);
    expect(late.length).toBeGreaterThan(0);
    client.send(encodeFrame(FrameType.PING, Flag.ACK, 0, asked.payload));
    await new Promise((resolve) => setTimeout(resolve, 20));
    after(limits.pingAfterMs - 1000);
    after(limits.pingAfterMs + limits.pingTimeoutMs + 1000);
    await client.closed();
  });

  it('ends once its calls have completed, after a GOAWAY without reaction', async () => {
    await sent(true);
    connection.drain();
    await client.frameOfType(FrameType.GOAWAY);
    after(2000);
    await client.closed();
    expect(await client.goAwayCode()).toBe(ErrorCode.NO_ERROR);
  });
});
