import type { FastifyReply } from 'fastify';

/** Sends JSON that is already text, past fastify's serializer. */
export function sendJson(reply: FastifyReply, text: string): FastifyReply {
  return reply.header('content-type', 'application/json; charset=utf-8').send(text);
}
