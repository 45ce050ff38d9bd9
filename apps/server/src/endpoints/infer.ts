import { decodeInferRequest, encodeInferResponse, readHeaderLength } from '@onda/protocol';
import type { Serving } from '@onda/serving';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { addModelRoutes } from '../http/addRoute.ts';
import type { ModelParams } from '../http/addRoute.ts';
import { requestBody } from '../http/requestBody.ts';
import { sendJson } from '../http/replies.ts';
import { limits } from '../limits.ts';
import { InferRequest, InferResponse } from '../http/schemas.ts';

const HEADER_LENGTH = 'inference-header-content-length';

/** `POST /v2/models/{name}[/versions/{version}]/infer`: runs a model once, or a step of a sequence. */
export function addInfer(app: FastifyInstance, serving: Serving): void {
  const docs = {
    operationId: 'infer',
    summary: 'Runs a model once, or a step of a sequence.',
    body: InferRequest,
    response: InferResponse,
    binary: true,
    errors: [409, 410, 422, 504],
  } as const;
  // Its body is decoded and checked by @onda/protocol, which is faster than zod; openApi.test.ts compares the schema with it.
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { name, version } = request.params as ModelParams;
    const bytes = requestBody(request);
    const { body, headerLength } = await serving.infer({
      model: name,
      version,
      client: request.client,
      trace: request.trace,
      decode: () =>
        decodeInferRequest(bytes, readHeaderLength(request.headers[HEADER_LENGTH]), limits.tensorValues),
      encode: encodeInferResponse,
      isGone: () => reply.raw.destroyed,
    });
    if (typeof body === 'string') return sendJson(reply, body);
    return reply
      .headers({ 'content-type': 'application/octet-stream', [HEADER_LENGTH]: String(headerLength) })
      .send(Buffer.from(body.buffer, body.byteOffset, body.byteLength));
  };
  addModelRoutes(app, '/infer', { POST: { docs, handler } }, limits.bodyBytes);
}
