import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
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

describe('a connection of infer requests', () => {
  it('answers a request that comes byte by byte', async () => {
    open();
    socket.socket.setNoDelay(true);
    for (const part of request('bytes')) {
      socket.send(part);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await socket.received('"id":"bytes"')).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  it('answers many requests in one piece, in order', async () => {
    const ids = Array.from({ length: 50 }, (_, index) => `n${index}.`);
    open().send(ids.map((id) => request(id)).join(''));
    const answer = await socket.received('"id":"n49."');
    const places = ids.map((id) => answer.indexOf(`"id":"${id}"`));
    expect(places.every((place, index) => place > (places[index - 1] ?? 0))).toBe(true);
  });

  it('tells heads apart that are as long as one another, or longer', async () => {
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
  ])('becomes one of the HTTP server with %s, before and after others', async (_name, other) => {
    open().send(request('first') + other + request('last'));
    const answer = await socket.received('"id":"last"');
    expect(answer.indexOf('"id":"first"')).toBeGreaterThan(0);
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(3);
    socket.send(request('later'));
    await socket.received('"id":"later"');
  });

  it('gives the headers that the HTTP server gives', async () => {
    open().send(request('quick'));
    const quick = await socket.received('"id":"quick"');
    socket.destroy();
    // Another spelling of the header is enough to go the long way.
    open().send(request('quick', 'Connection: Keep-Alive, x\r\n'));
    const long = await socket.received('"id":"quick"');
    const lines = (answer: string): string[] =>
      answer
        .toLowerCase()
        .split('\r\n')
        .filter((header) => !header.startsWith('date:'))
        .sort();
    expect(lines(quick)).toEqual(lines(long));
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

  it('closes a connection when it is asked to', async () => {
    open().send(request('only', 'Connection: close\r\n'));
    expect(await socket.closed()).toContain('"id":"only"');
  });

  it('answers a client that has closed its side', async () => {
    open().send(request('half'));
    socket.socket.end();
    expect(await socket.closed()).toContain('"id":"half"');
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
