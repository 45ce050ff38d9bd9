import type { FastifyReply } from 'fastify';

export const jsonType = { 'content-type': 'application/json; charset=utf-8' } as const;

/** Sends JSON that is already text, without fastify's serializer. */
export function sendJson(reply: FastifyReply, text: string): FastifyReply {
  return reply.headers(jsonType).send(text);
}
