import type { Socket } from 'node:net';
import { errorBody } from '@onda/protocol';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { defectAnswer, maybeErrorAnswer } from './http/errorAnswer.ts';
import { sendAnswer } from './http/sendAnswer.ts';
import { refuseBody } from './refuseBody.ts';
import { sendJson } from './sendJson.ts';
import type { Service } from './service.ts';

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
  const answer = maybeErrorAnswer(error);
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    const limit = request.routeOptions.bodyLimit;
    const text = `the body: expected at most ${limit} bytes, got more; send fewer samples at a time`;
    refuseBody(request, reply, 413, text);
  } else if (answer) {
    sendAnswer(reply, answer);
  } else if (error.statusCode !== undefined && error.statusCode < 500) {
    sendJson(reply.code(error.statusCode), errorBody(fastifyText(error, request)));
  } else {
    sendAnswer(reply, defectAnswer(service, error));
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
