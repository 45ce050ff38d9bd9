import { decodeInferRequest, encodeInferResponse, readHeaderLength } from '@onda/protocol';
import type { EncodedResponse } from '@onda/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { addModelRoute } from '../addRoute.ts';
import type { ModelParams } from '../addRoute.ts';
import { countRequest } from '../countRequest.ts';
import { inferOutputs } from '../inferOutputs.ts';
import { limits } from '../limits.ts';
import { requestBody } from '../requestBody.ts';
import { sendJson } from '../sendJson.ts';
import type { ServedModel } from '../servedModel.ts';
import type { Service } from '../service.ts';

const HEADER_LENGTH = 'inference-header-content-length';

/** `POST /v2/models/{name}[/versions/{version}]/infer`: the model's tensors in, its tensors out. */
export function addInfer(app: FastifyInstance, service: Service): void {
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { name, version } = request.params as ModelParams;
    const model = service.repository.find(name, version);
    const answer = await countRequest(model.stats, () => infer(model, request, reply));
    if (answer.headerLength === undefined) return sendJson(reply, answer.body);
    const { body, headerLength } = answer;
    return reply
      .header('content-type', 'application/octet-stream')
      .header(HEADER_LENGTH, headerLength)
      .send(Buffer.from(body.buffer, body.byteOffset, body.byteLength));
  };
  addModelRoute(app, 'POST', '/infer', handler, limits.bodyBytes);
}

async function infer(
  model: ServedModel,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<EncodedResponse> {
  const decoded = decodeInferRequest(
    requestBody(request),
    readHeaderLength(request.headers[HEADER_LENGTH]),
    model.signature,
    limits.tensorValues,
  );
  return encodeInferResponse(await inferOutputs(model, decoded, () => reply.raw.destroyed));
}
