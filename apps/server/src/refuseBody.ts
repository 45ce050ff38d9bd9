import { errorBody } from '@onda/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** How long a refused body is read and thrown away. */
const LINGER_MS = 2000;

/**
 * Answers a request whose body is not wanted, at once and so that the client can read it.
 *
 * Closing a connection with unread bytes resets it, and a reset throws away the answer on the client's side (RFC 9112,
 * section 9.6). So the whole answer is sent, and the connection ends only when the client has stopped sending or its time is up.
 */
export function refuseBody(request: FastifyRequest, reply: FastifyReply, status: number, text: string): void {
  const body = errorBody(text);
  reply.hijack();
  const { raw: response } = reply;
  const { raw: incoming } = request;
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) response.setHeader(name, value);
  }
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  });
  response.write(body);
  const timer = setTimeout(end, LINGER_MS);
  function end(): void {
    clearTimeout(timer);
    incoming.off('end', end).off('close', end);
    response.end();
  }
  incoming.on('end', end).on('close', end);
  incoming.resume();
}
