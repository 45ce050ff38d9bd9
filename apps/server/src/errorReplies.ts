import type { Socket } from 'node:net';
import { OndaError } from '@onda/contract';
import { errorBody, statusOf } from '@onda/protocol';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { refuseBody } from './refuseBody.ts';
import { sendJson } from './sendJson.ts';
import type { Service } from './service.ts';

/** Seconds until a client that got a 503 should try again. */
const RETRY_AFTER = '1';

/** Every failure becomes `{"error": sentence}`; only a defect of ours is a 500 without one, and goes to the log whole. */
export function addErrorReplies(app: FastifyInstance, service: Service): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    replyError(service, error, request, reply);
  });
  app.setNotFoundHandler((request, reply) =>
    sendJson(
      reply.code(404),
      errorBody(
        `${request.method} ${request.url.slice(0, 200)}: the service has no such address; GET /v2 and GET /v2/models are where to start`,
      ),
    ),
  );
}

export function replyError(
  service: Service,
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const status = statusOf(error);
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    const limit = request.routeOptions.bodyLimit;
    const text = `the body: expected at most ${limit} bytes, got more; send fewer samples at a time`;
    refuseBody(request, reply, 413, text);
  } else if (status !== undefined && (status < 500 || status === 503)) {
    if (status === 503) reply.header('retry-after', RETRY_AFTER);
    sendJson(reply.code(status), errorBody(error.message));
  } else if (error.statusCode !== undefined && error.statusCode < 500) {
    sendJson(reply.code(error.statusCode), errorBody(fastifyText(error, request)));
  } else {
    service.onDefect(error instanceof OndaError ? error.message : (error.stack ?? error.message));
    const text = 'the service could not answer; what it printed says why, and it goes on';
    sendJson(reply.code(500), errorBody(text));
  }
}

/** What fastify refuses before an endpoint sees it, in our words. */
function fastifyText(error: FastifyError, request: FastifyRequest): string {
  if (error.code === 'FST_ERR_BAD_URL') {
    return `${request.url.slice(0, 200)}: expected a path with valid percent-encoding; correct it`;
  }
  return `the request cannot be read (${error.message}); correct it`;
}

const clientErrors: Readonly<Record<string, [status: string, text: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request did not arrive in time; send it faster'],
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'the headers are too large; send fewer'],
};

/** Answers bytes that are no HTTP request; fastify has no reply for them, only the socket. */
export function replyClientError(error: Error & { code?: string }, socket: Socket): void {
  if (socket.destroyed) return;
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, text] = clientErrors[error.code ?? ''] ?? [
    '400 Bad Request',
    'the bytes are no HTTP/1.1 request; send one',
  ];
  const body = errorBody(text);
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
