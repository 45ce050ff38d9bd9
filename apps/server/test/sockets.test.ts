import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { residentMiB } from './support/processUse.ts';
import { RawSocket } from './support/rawSocket.ts';
import { inferRequest, post, sines } from './support/requests.ts';
import type { InferBody } from './support/requests.ts';
import { startService } from './support/service.ts';
import type { ServiceProcess } from './support/service.ts';

const INFER = '/v2/models/lagged-sine/infer';
const MEGABYTE = 'x'.repeat(1_000_000);
const tooLarge =
  '{"error":"the body: expected at most 8388608 bytes, got more; send fewer samples at a time"}';

let service: ServiceProcess;
let socket: RawSocket;

beforeAll(async () => {
  service = await startService();
});
afterAll(async () => {
  await service.stop();
});
afterEach(async () => {
  socket.destroy();
  expect((await post<InferBody>(service.url + INFER, inferRequest(sines(2)))).status).toBe(200);
  expect(service.stderr()).not.toContain('    at ');
});

function open(): RawSocket {
  socket = new RawSocket(service.port);
  return socket;
}

describe('a body of 100 MB', () => {
  it('is refused before a byte of it was sent', async () => {
    open().send(`POST ${INFER} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\n`);
    const answer = await socket.received(tooLarge);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer.toLowerCase()).toContain('connection: close');
  });

  it('is refused at the limit when its length was not said', async () => {
    open().send(`POST ${INFER} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n`);
    let sent = 0;
    // In steps, so that the answer can come between them: the loopback takes 100 MB faster than anybody reads.
    const pump = setInterval(() => {
      if (sent < 100 && socket.socket.writable) {
        sent++;
        socket.send(`${MEGABYTE.length.toString(16)}\r\n${MEGABYTE}\r\n`);
      }
    }, 10);
    const answer = await socket.received(tooLarge);
    clearInterval(pump);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(sent).toBeLessThan(100);
  });

  it('is closed when its sender continues', async () => {
    open().send(`POST ${INFER} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\n`);
    const started = performance.now();
    expect(await socket.closed()).toContain(tooLarge);
    // It waits two seconds for the sender to stop, and no longer.
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it('is refused in words that an ordinary client reads', async () => {
    open();
    const response = await fetch(service.url + INFER, { method: 'POST', body: MEGABYTE.repeat(100) });
    expect(response.status).toBe(413);
    expect(await response.text()).toBe(tooLarge);
  });

  it('is refused at a smaller limit by generate', async () => {
    open();
    const response = await fetch(`${service.url}/v2/models/lagged-sine/generate`, {
      method: 'POST',
      body: MEGABYTE.repeat(2),
    });
    expect(response.status).toBe(413);
    expect(await response.text()).toBe(tooLarge.replace('8388608', '1048576'));
  });
});

describe('headers', () => {
  const get = (headers: string): string => `GET /v2 HTTP/1.1\r\nConnection: close\r\n${headers}\r\n`;

  it.each([
    [
      'two Host headers',
      'Host: localhost\r\nHost: localhost\r\n',
      'host: expected one header, got several; send one',
    ],
    [
      'two Authorization headers',
      'Host: localhost\r\nAuthorization: a\r\nAUTHORIZATION: b\r\n',
      'authorization: expected one header, got several; send one',
    ],
  ])('rejects %s with 400', async (_name, headers, error) => {
    open().send(get(headers));
    const answer = await socket.closed();
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain(JSON.stringify({ error }));
  });

  it('accepts 1,000 headers and rejects more with 431', async () => {
    const lines = (count: number): string => 'a:\r\n'.repeat(count);
    // With Connection and Host.
    for (const [count, status] of [
      [998, 200],
      [999, 431],
      [3000, 431],
    ]) {
      open().send(get(`Host: localhost\r\n${lines(count)}`));
      expect(await socket.closed()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      socket.destroy();
    }
  });
});

describe('request bodies', () => {
  /** What 16 and 48 requests make the service hold, MiB. */
  const growth = async (send: (count: number) => Promise<void>): Promise<[few: number, many: number]> => {
    const before = await residentMiB(service);
    await send(16);
    const few = (await residentMiB(service)) - before;
    await send(48);
    return [few, (await residentMiB(service)) - before];
  };

  it('that stall hold no more than the share of their client', async () => {
    const sockets: RawSocket[] = [];
    const [few, many] = await growth(async (count) => {
      for (let index = 0; index < count; index++) {
        const stalled = new RawSocket(service.port);
        sockets.push(stalled);
        stalled.send(`POST ${INFER} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8000000\r\n\r\n`);
        for (let part = 0; part < 7; part++) stalled.send(MEGABYTE);
      }
      await sleep(3000);
    });
    for (const stalled of sockets) stalled.destroy();
    // All of them would be 450 MiB.
    expect(many - few).toBeLessThan(100);
    expect(many).toBeLessThan(300);
    open();
  });

  it('that grow when they are decompressed hold no more than the share of their client', async () => {
    const bomb = gzipSync(Buffer.alloc(8_000_000, ' '));
    const statuses = new Set<number>();
    const [, many] = await growth(async (count) => {
      const answers = await Promise.all(
        Array.from({ length: count }, () =>
          fetch(service.url + INFER, { method: 'POST', headers: { 'content-encoding': 'gzip' }, body: bomb }),
        ),
      );
      for (const answer of answers) {
        statuses.add(answer.status);
        await answer.arrayBuffer();
      }
    });
    expect([...statuses].filter((status) => status !== 400 && status !== 503)).toEqual([]);
    // All of them at a time would be 384 MiB.
    expect(many).toBeLessThan(300);
    open();
  });
});

describe('connections', () => {
  it('closes the connection of a client that closes its side before the response', async () => {
    const body = JSON.stringify(inferRequest(sines(3)));
    open().send(`POST ${INFER} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    socket.socket.end();
    // Node may see the end first or answer first; half an answer it must not give.
    expect(await socket.closed()).toMatch(/^$|^HTTP\/1\.1 200 .*\]\}$/s);
  });

  it('releases a client that ends within its body', async () => {
    open().send(`POST ${INFER} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{"inputs":[`);
    socket.socket.end();
    expect(await socket.closed()).not.toContain('HTTP/1.1 200');
  });

  it('continues when a client resets the connection while its request runs', async () => {
    const prompt = JSON.stringify({ prompt: [0.5], samples: 130_000 });
    open().send(
      `POST /v2/models/lagged-sine/generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${prompt.length}\r\n\r\n${prompt}`,
    );
    await new Promise((resolve) => setTimeout(resolve, 30));
    socket.socket.resetAndDestroy();
    expect((await post<InferBody>(service.url + INFER, inferRequest([0]))).status).toBe(200);
  });

  it('responds to bytes that are not HTTP', async () => {
    open().send('\x16\x03\x01 this is not HTTP\r\n\r\n');
    const answer = await socket.closed();
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('{"error":"the bytes are not an HTTP/1.1 request; send one"}');
  });

  it('rejects endless headers', async () => {
    open().send(`GET /v2 HTTP/1.1\r\nHost: localhost\r\nX-Long: ${'a'.repeat(20_000)}\r\n\r\n`);
    const answer = await socket.closed();
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(answer).toContain('{"error":"the headers are too large; send fewer"}');
  });

  it('responds to pipelined requests in order', async () => {
    const bodies = [3, 5].map((count) => JSON.stringify({ id: `n${count}`, ...inferRequest(sines(count)) }));
    open().send(
      bodies
        .map(
          (body) =>
            `POST ${INFER} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        )
        .join(''),
    );
    const answer = await socket.received('"id":"n5"');
    expect(answer.indexOf('"id":"n3"')).toBeGreaterThan(0);
    expect(answer.indexOf('"id":"n3"')).toBeLessThan(answer.indexOf('"id":"n5"'));
  });
});
