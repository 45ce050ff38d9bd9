import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { OndaError } from '@onda/contract';
import { errorBody, statusOf } from '@onda/protocol';
import { AccessError } from '../access/accessError.ts';
import { timeouts } from '../limits.ts';
import type { Log } from '../telemetry/log.ts';

export const jsonType = { 'content-type': 'application/json; charset=utf-8' } as const;

/** Sends JSON that is already text, without fastify's serializer. */
export function sendJson(reply: FastifyReply, text: string): FastifyReply {
  return reply.headers(jsonType).send(text);
}

/** How long the rest of a rejected body is read and discarded. */
const LINGER_MS = 2000;

/** A rejected body up to this size is read to its end, so that the connection can be kept. */
const SMALL_BODY = 65_536;

/** Header value: seconds until a client that got 429 or 503 should retry. */
const RETRY_AFTER = String(timeouts.retryAfterMs / 1000);

/** Every failure becomes `{"error": sentence}`. A defect of the service is a 500 without details, which are logged. */
export function addErrorReplies(app: FastifyInstance, log: Log): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    replyError(log, error, request, reply);
  });
  app.setNotFoundHandler((request, reply) =>
    sendJson(
      reply.code(404),
      errorBody(
        `${request.method} ${request.url.slice(0, 200)}: unknown path; GET /openapi.json lists all paths`,
      ),
    ),
  );
}

/** Sends the error response of a request that failed in a hook or in its handler. */
export function replyError(
  log: Log,
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const known = maybeErrorReply(error);
  if (error instanceof AccessError) reply.headers(error.headers);
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    const limit = request.routeOptions.bodyLimit;
    const text = `the body: expected at most ${limit} bytes, got more; send fewer samples at a time`;
    sendError(request, reply.code(413), errorBody(text));
  } else if (known) {
    const { status, body } = known;
    if ((status === 503 || status === 429) && !reply.hasHeader('retry-after')) {
      reply.header('retry-after', RETRY_AFTER);
    }
    sendError(request, reply.code(status), body);
  } else if (error.statusCode !== undefined && error.statusCode < 500) {
    sendError(request, reply.code(error.statusCode), errorBody(fastifyText(error, request)));
  } else {
    sendError(request, reply.code(500), defectBody(log, error));
  }
}

/** The response body of an error. */
export function failureBody(log: Log, error: Error): string {
  return maybeErrorReply(error)?.body ?? defectBody(log, error);
}

/** Status and body for an error that the client may see; undefined for any other. */
function maybeErrorReply(error: Error): { status: number; body: string } | undefined {
  const status = statusOf(error);
  if (status === undefined || (status >= 500 && status !== 503 && status !== 504)) return undefined;
  return { status, body: errorBody(error.message) };
}

/** Logs a defect of the service, and returns the response body without details. */
function defectBody(log: Log, error: Error): string {
  log.error(error instanceof OndaError ? error.message : (error.stack ?? error.message));
  return errorBody('internal error; the log of the service has the details');
}

/** The message for an error that fastify raised before a handler ran. */
function fastifyText(error: FastifyError, request: FastifyRequest): string {
  if (error.code === 'FST_ERR_BAD_URL') {
    return `${request.url.slice(0, 200)}: expected a path with valid percent-encoding; correct it`;
  }
  return `the request is not readable (${error.message}); correct it`;
}

/**
 * Sends an error, also to a request whose body was not read.
 *
 * Closing a connection with unread bytes resets it, and a reset discards the response on the client's side (RFC 9112, section 9.6). So
 * the complete response is sent, and the connection ends when the client has stopped sending or after a time limit.
 */
function sendError({ raw: incoming }: FastifyRequest, reply: FastifyReply, body: string): void {
  if (incoming.readableEnded || bodyBytes(incoming) <= SMALL_BODY) {
    sendJson(reply, body);
    return;
  }
  reply.hijack();
  const { raw: response } = reply;
  response.writeHead(reply.statusCode, {
    ...(reply.getHeaders() as OutgoingHttpHeaders),
    ...jsonType,
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  });
  response.write(body);
  incoming.resume();
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

const clientErrors: Readonly<Record<string, [status: string, text: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request did not arrive in time; send it faster'],
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'the headers are too large; send fewer'],
};

/** Responds to bytes that are not an HTTP request; for these fastify has no reply object, only the socket. */
export function replyClientError(error: Error & { code?: string }, socket: Socket): void {
  if (socket.destroyed) return;
  // A failed TLS handshake: no response can be sent.
  const isTls = /^(?:ERR_SSL|ERR_TLS|EPROTO)/.test(error.code ?? '');
  if (isTls || error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, text] = clientErrors[error.code ?? ''] ?? [
    '400 Bad Request',
    'the bytes are not an HTTP/1.1 request; send one',
  ];
  const body = errorBody(text);
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: ${jsonType['content-type']}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
