import { gzipSync } from 'node:zlib';
import { setTimeout as sleep } from 'node:timers/promises';
import { RawSocket } from '../support/rawSocket.ts';
import { inferRequest, sines } from '../support/requests.ts';
import type { MisuseCase, Target } from './misuseCase.ts';

const INFER = '/v2/models/lagged-sine/infer';

/** Requests of a case whose count is the size of each. */
const REQUESTS = 20;

/** How long connections that are never read, or never finish, are left alone, milliseconds. */
const STALL_MS = 700;

function head({ token }: Target, line: string, headers: string): string {
  const authorization = token === undefined ? '' : `Authorization: Bearer ${token}\r\n`;
  return `${line} HTTP/1.1\r\nHost: localhost\r\n${authorization}${headers}\r\n`;
}

function postHead(target: Target, length: number, headers = ''): string {
  return head(target, `POST ${INFER}`, `Content-Length: ${length}\r\n${headers}`);
}

/** Sends one request over a separate connection, and waits until the service ends it. */
async function sendAlone({ port }: Target, text: string): Promise<void> {
  const socket = new RawSocket(port);
  socket.send(text);
  await socket.closed();
  socket.destroy();
}

/** One infer request with this body. */
function infer(target: Target, body: string, headers = ''): Promise<void> {
  return sendAlone(target, postHead(target, body.length, `Connection: close\r\n${headers}`) + body);
}

/** A case of one body that has something `count` times. */
function bodyCase(name: string, unit: string, count: number, bodyOf: (count: number) => string): MisuseCase {
  return { name, unit, count, send: (target, times) => infer(target, bodyOf(times)) };
}

/** A case of several requests whose heads have something `count` times. */
function headCase(
  name: string,
  unit: string,
  count: number,
  headOf: (target: Target, count: number) => string,
): MisuseCase {
  return {
    name,
    unit,
    count,
    send: async (target, times) => {
      for (let left = REQUESTS; left > 0; left--) await sendAlone(target, headOf(target, times));
    },
  };
}

const close = 'Connection: close\r\n';
const gzipped = gzipSync(Buffer.alloc(8 * 1024 * 1024, ' ')).toString('latin1');

const tensor = (datatype: string, count: number, data: string): string =>
  `{"inputs":[{"name":"x","shape":[${count}],"datatype":"${datatype}","data":${data}}]}`;

/** Leaves many connections with what `textOf` returns for some time. */
async function stall({ port }: Target, count: number, text: string, isRead: boolean): Promise<void> {
  const sockets = Array.from({ length: count }, () => new RawSocket(port));
  for (const socket of sockets) {
    if (!isRead) socket.socket.pause();
    socket.send(text);
  }
  await sleep(STALL_MS);
  for (const socket of sockets) socket.destroy();
}

/** Misuse of HTTP/1.1 and of JSON. */
export const httpCases: readonly MisuseCase[] = [
  headCase('a header line of blanks', 'blanks', 6000, (target, count) =>
    head(target, 'GET /v2', `${close}X-Blanks:${' '.repeat(count)}x\r\n`),
  ),
  headCase('header lines', 'lines', 150, (target, count) =>
    head(target, 'GET /v2', close + Array.from({ length: count }, (_, index) => `h${index}: 1\r\n`).join('')),
  ),
  headCase('a long path', 'characters', 1500, (target, count) =>
    head(target, `GET /v2/models/${'%41'.repeat(count / 3)}`, close),
  ),
  headCase('chunks of one byte', 'chunks', 2000, (target, count) =>
    head(target, `POST ${INFER}`, `${close}Transfer-Encoding: chunked\r\n`).concat(
      '1\r\n \r\n'.repeat(count),
      '0\r\n\r\n',
    ),
  ),
  {
    name: 'health probes',
    unit: 'requests',
    count: 300,
    send: async (target: Target, count: number): Promise<void> => {
      const line = 'GET /v2/health/live';
      const probes = head({ ...target, token: undefined }, line, '').repeat(49) + head(target, line, close);
      for (let left = count; left > 0; left -= 50) await sendAlone(target, probes);
    },
  },
  {
    name: 'pipelined requests whose responses are not read',
    unit: 'connections of 300 requests',
    count: 10,
    send: (target: Target, count: number): Promise<void> => {
      const body = JSON.stringify(inferRequest(sines(2)));
      return stall(target, count, (postHead(target, body.length) + body).repeat(300), false);
    },
  },
  {
    name: 'bodies that stall',
    unit: 'connections with 1 of 8 MiB',
    count: 5,
    send: (target: Target, count: number): Promise<void> =>
      stall(target, count, postHead(target, 8 << 20) + ' '.repeat(1 << 20), true),
  },
  {
    name: 'compressed bodies of 8 MiB',
    unit: 'requests of 8 KB',
    count: 8,
    send: async (target: Target, count: number): Promise<void> => {
      const sent = Array.from({ length: count }, () => infer(target, gzipped, 'Content-Encoding: gzip\r\n'));
      await Promise.all(sent);
    },
  },
  bodyCase('names in parameters', 'names', 50_000, (count) => {
    const names = Array.from({ length: count }, (_, index) => `"p${index}":1`);
    return `{"parameters":{${names.join()}},"inputs":[]}`;
  }),
  bodyCase('inputs', 'objects', 200_000, (count) => `{"inputs":[${'{},'.repeat(count - 1)}{}]}`),
  bodyCase('nested arrays', 'levels', 200_000, (count) => `{"inputs":${'['.repeat(count)}`),
  bodyCase('empty arrays as data', 'arrays', 200_000, (count) =>
    tensor('FP32', 1, `[${'[],'.repeat(count - 1)}[]]`),
  ),
  bodyCase('numbers', 'values', 200_000, (count) => tensor('FP32', count, `[${'0,'.repeat(count - 1)}0]`)),
  bodyCase('strings', 'strings', 100_000, (count) =>
    tensor('BYTES', count, `[${'"ab",'.repeat(count - 1)}"ab"]`),
  ),
  bodyCase('numbers as digits', 'values', 60_000, (count) =>
    tensor('INT64', count, `[${'"90071992",'.repeat(count - 1)}"1"]`),
  ),
  bodyCase(
    'dims',
    'dims',
    200_000,
    (count) => `{"inputs":[{"name":"x","datatype":"FP32","shape":[${'1,'.repeat(count)}1]}]}`,
  ),
];
