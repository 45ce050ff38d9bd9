import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '@onda/series';
import { mutateBytes, randomBytes } from './mutateBytes.ts';
import { pick } from './mutateJson.ts';

const body = '{"prompt":[0.1],"samples":2}';
const start = 'POST /v2/models/lagged-sine/generate HTTP/1.1\r\nHost: localhost\r\n';
const good = `${start}Content-Length: ${body.length}\r\n\r\n${body}`;

type Send = (socket: Socket, random: Random) => Promise<void> | void;

/** What no client would send: each leaves the connection in another state. */
const ways: readonly Send[] = [
  (socket, random) => {
    socket.end(mutateBytes(Buffer.from(good), random));
  },
  (socket, random) => {
    socket.end(randomBytes(random, 1 + random.int(200)));
  },
  // Half-closed within the body, and cut off there.
  (socket) => {
    socket.end(good.slice(0, -5));
  },
  (socket) => {
    socket.write(good.slice(0, -5), () => socket.resetAndDestroy());
  },
  // Cut off while the answer is on its way.
  (socket) => {
    socket.write(good.repeat(20), () => socket.destroy());
  },
  // Many small chunks, and chunks that are none.
  (socket) => {
    const chunks = Array.from(body, (byte) => `1\r\n${byte}\r\n`).join('');
    socket.end(`${start}Transfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`);
  },
  (socket, random) => {
    const size = pick(random, ['-1', 'ffffffffffffffff', '7fffffff', 'zz', '1;a=b', '0x5', '']);
    socket.end(`${start}Transfer-Encoding: chunked\r\n\r\n${size}\r\n${body}\r\n0\r\n\r\n`);
  },
  (socket) => {
    socket.end(`${start}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n${body}`);
  },
  (socket, random) => {
    const length = pick(random, ['-1', '1e3', '+5', '99999999999999999999', '5, 6', '4294967297', '']);
    socket.end(`${start}Content-Length: ${length}\r\n\r\n${body}`);
  },
  // Endless headers.
  (socket, random) => {
    socket.end(`${start}${'A: b\r\n'.repeat(random.int(4000))}\r\n`);
  },
  // A slow writer, who gives up.
  async (socket, random) => {
    for (const byte of good.slice(0, 2 + random.int(10))) {
      socket.write(byte);
      await delay(1);
    }
    socket.destroy();
  },
  // A silent connection.
  (socket) => {
    socket.end();
  },
];

/** Time limit of a response before the connection is closed, milliseconds. */
const PATIENCE_MS = 2_000;

/** @returns the status of each answer that came */
export async function sendRaw(port: number, random: Random): Promise<number[]> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  let received = '';
  socket.setEncoding('latin1').on('data', (text: string) => (received += text));
  // Being cut off is what this is about.
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => {
    socket.once('end', resolve).once('close', resolve);
  });
  await pick(random, ways)(socket, random);
  await Promise.race([closed, delay(PATIENCE_MS, undefined, { ref: false })]);
  socket.destroy();
  return [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}
