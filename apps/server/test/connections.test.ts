import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { cpuMs, residentMiB } from './support/processUse.ts';
import { RawSocket } from './support/rawSocket.ts';
import { inferRequest, sines } from './support/requests.ts';
import { startService } from './support/service.ts';
import type { ServiceProcess } from './support/service.ts';

const INFER = '/v2/models/lagged-sine/infer';

let service: ServiceProcess;
let socket: RawSocket;

beforeAll(async () => {
  service = await startService();
});
afterAll(async () => {
  await service.stop();
});
afterEach(() => {
  socket.destroy();
  expect(service.stderr()).not.toContain('    at ');
});

function open(): RawSocket {
  socket = new RawSocket(service.port);
  return socket;
}

function request(id: string, headers = '', count = 2): string {
  const body = JSON.stringify({ id, ...inferRequest(sines(count)) });
  return `POST ${INFER} HTTP/1.1\r\nHost: localhost\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`;
}

const GET = 'GET /v2/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n';

describe('an HTTP connection', () => {
  it('serves a request that arrives byte by byte', async () => {
    open();
    socket.socket.setNoDelay(true);
    for (const part of request('bytes')) {
      socket.send(part);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await socket.received('"id":"bytes"')).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  it('answers pipelined requests in order', async () => {
    const ids = Array.from({ length: 50 }, (_, index) => `n${index}.`);
    open().send(ids.map((id) => request(id)).join(''));
    const answer = await socket.received('"id":"n49."');
    const places = ids.map((id) => answer.indexOf(`"id":"${id}"`));
    expect(places.every((place, index) => place > (places[index - 1] ?? 0))).toBe(true);
  });

  it('closes a connection with more than 50 pipelined requests that wait', async () => {
    open().send(request('many').repeat(200));
    expect((await socket.closed()).match(/HTTP\/1\.1 200/g)?.length ?? 0).toBeLessThanOrEqual(50);
  });

  it('distinguishes requests whose heads have the same length', async () => {
    const [known, other, longer] = ['a', 'b', 'bc'].map((host) =>
      request(host, `X-Request: ${host}\r\n`, host.length),
    );
    open().send(known + known + other + longer + known + request('last'));
    const answer = await socket.received('"id":"last"');
    const dims = [...answer.matchAll(/"id":"(\w+)".*?"shape":\[1,(\d+),1\]/g)].map((match) => match.slice(1));
    expect(dims.slice(0, -1)).toEqual([
      ['a', '1'],
      ['a', '1'],
      ['b', '1'],
      ['bc', '2'],
      ['a', '1'],
    ]);
  });

  it('answers text beyond ASCII as UTF-8', async () => {
    const bytesOf = (text: string): string => Buffer.from(text).toString('latin1');
    const id = 'Wellenlänge 波';
    const body = bytesOf(JSON.stringify({ id, ...inferRequest(sines(2)) }));
    open().send(`POST ${INFER} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    await socket.received(`"id":"${bytesOf(id)}"`);
    // Its length was right if the next one is read.
    socket.send(request('next'));
    const answer = await socket.received('"id":"next"');
    const [head, answered] = answer.split('\r\n\r\n');
    expect(answered.slice(Number(/content-length: (\d+)/.exec(head)?.[1]))).toMatch(/^HTTP\/1\.1 200/);
  });

  it.each([
    ['another request', GET],
    [
      'a chunked body',
      `POST ${INFER} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    ],
    ['a body of more than 64 KiB', request('large', '', 20_000)],
  ])('answers %s between infer requests', async (_name, other) => {
    open().send(request('first') + other + request('last'));
    const answer = await socket.received('"id":"last"');
    expect(answer.indexOf('"id":"first"')).toBeGreaterThan(0);
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(3);
    socket.send(request('later'));
    await socket.received('"id":"later"');
  });

  it.each([
    ['two lengths', 'Content-Length: 3\r\n'],
    ['a length and chunks', 'Transfer-Encoding: chunked\r\n'],
  ])('answers %s with 400, and reads nothing behind it', async (_name, header) => {
    open().send(request('smuggled', header) + request('behind'));
    const answer = await socket.closed();
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).not.toContain('behind');
  });

  it('closes a connection on request', async () => {
    open().send(request('only', 'Connection: close\r\n'));
    expect(await socket.closed()).toContain('"id":"only"');
  });

  it('skips a header line of 60,000 blanks without work that grows with its square', async () => {
    const cpuOf = async (blanks: number): Promise<number> => {
      const before = await cpuMs(service);
      for (let count = 0; count < 20; count++) {
        open().send(
          `GET /v2 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Blanks:${' '.repeat(blanks)}x\r\n\r\n`,
        );
        expect(await socket.closed()).toMatch(/^HTTP\/1\.1 (200|431) /);
        socket.destroy();
      }
      return (await cpuMs(service)) - before;
    };
    await cpuOf(20_000);
    // A reader that looks at each blank again for each blank would take 9 times as much, and seconds.
    expect(await cpuOf(60_000)).toBeLessThan(500);
  });

  it('applies back-pressure to a client that does not read responses', { timeout: 120_000 }, async () => {
    const requests = request('unread').repeat(500);
    const flood = async (clients: number): Promise<number> => {
      const sockets = Array.from({ length: clients }, () => new RawSocket(service.port));
      for (const one of sockets) {
        one.socket.pause();
        one.send(requests);
      }
      await sleep(3000);
      const held = await residentMiB(service);
      for (const one of sockets) one.destroy();
      return held;
    };
    const few = await flood(20);
    // Node creates an object for each request of a chunk of 64 KiB, about 1 KiB for each of 64,000, before their connection is closed, and
    // collects them later. With all responses kept it was 750 MiB.
    const first = await flood(200);
    expect(first - few).toBeLessThan(150);
    expect((await flood(200)) - first).toBeLessThan(100);
  });
});

describe('SIGTERM', () => {
  it('closes a connection that is kept alive', async () => {
    const other = await startService();
    socket = new RawSocket(other.port);
    socket.send(request('idle'));
    await socket.received('"id":"idle"');
    const [code] = await Promise.all([other.stop(), socket.closed()]);
    expect(code).toBe(0);
  });
});
