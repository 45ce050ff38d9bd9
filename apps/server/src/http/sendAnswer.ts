import type { FastifyReply } from 'fastify';
import type { HttpAnswer } from './httpAnswer.ts';

/** Hands an answer to fastify, past its serializer. */
export function sendAnswer(reply: FastifyReply, { status, headers, body }: HttpAnswer): FastifyReply {
  const payload =
    typeof body === 'string' ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return reply.code(status).headers(headers).send(payload);
}
