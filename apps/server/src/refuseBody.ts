import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorBody } from '@onda/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { answerHeaders } from './securityHeaders.ts';

/** How long a refused body is read and thrown away. */
const LINGER_MS = 2000;

interface Refusal {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A body up to here is read to its end and thrown away, and the connection stays; it costs less than another connection. */
const SMALL_BODY = 65_536;

/** Answers a request that came to fastify and whose body is not wanted. */
export function refuseBody(request: FastifyRequest, reply: FastifyReply, status: number, text: string): void {
  reply.hijack();
  const headers = Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)]);
  refuseRequest(request.raw, reply.raw, {
    status,
    text,
    headers: Object.fromEntries(headers) as Record<string, string>,
  });
}

/**
 * Answers a request whose body is not wanted, at once and so that the client can read it.
 *
 * Closing a connection with unread bytes resets it, and a reset throws away the answer on the client's side (RFC 9112,
 * section 9.6). So the whole answer is sent, and the connection ends only when the client has stopped sending or its time is up.
 */
export function refuseRequest(
  incoming: IncomingMessage,
  response: ServerResponse,
  { status, text, headers }: Refusal,
): void {
  const body = errorBody(text);
  const isSmall = bodyBytes(incoming) <= SMALL_BODY;
  response.writeHead(status, {
    ...answerHeaders,
    ...headers,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    ...(isSmall ? {} : { connection: 'close' }),
  });
  incoming.resume();
  if (isSmall) {
    response.end(body);
    return;
  }
  response.write(body);
  const timer = setTimeout(end, LINGER_MS);
  function end(): void {
    clearTimeout(timer);
    incoming.off('end', end).off('close', end);
    response.end();
  }
  incoming.on('end', end).on('close', end);
}

function bodyBytes({ headers }: IncomingMessage): number {
  if (headers['transfer-encoding'] !== undefined) return Infinity;
  return Number(headers['content-length'] ?? 0);
}
