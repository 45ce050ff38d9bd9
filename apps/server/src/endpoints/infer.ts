import { decodeInferRequest, encodeInferResponse, readHeaderLength } from '@onda/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { addModelRoute } from '../addRoute.ts';
import type { ModelParams } from '../addRoute.ts';
import { checkCapacity, checkRunSize } from '../admission.ts';
import { limits } from '../limits.ts';
import { requestBody } from '../requestBody.ts';
import { sendJson } from '../sendJson.ts';
import type { Service } from '../service.ts';

const HEADER_LENGTH = 'inference-header-content-length';

/** `POST /v2/models/{name}[/versions/{version}]/infer`: the model's tensors in, its tensors out. */
export function addInfer(app: FastifyInstance, service: Service): void {
  addModelRoute(app, 'POST', '/infer', (request, reply) => infer(service, request, reply), limits.bodyBytes);
}

async function infer(service: Service, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { name, version } = request.params as ModelParams;
  const model = service.repository.find(name, version);
  const { id, inputs, outputs } = decodeInferRequest(
    requestBody(request),
    readHeaderLength(request.headers[HEADER_LENGTH]),
    model.manifest.tensors.model,
    limits.tensorValues,
  );
  const [batch, time] = inputs.x.dims;
  checkRunSize(model, batch, time);
  checkCapacity(service);
  const results = await model.session.run(
    inputs,
    outputs.map((output) => output.name),
  );
  const { body, headerLength } = encodeInferResponse({
    modelName: model.name,
    modelVersion: model.version,
    id,
    outputs: outputs.map((output) => ({ ...output, tensor: results[output.name] })),
  });
  if (headerLength === undefined) return sendJson(reply, body);
  return reply
    .header('content-type', 'application/octet-stream')
    .header(HEADER_LENGTH, headerLength)
    .send(Buffer.from(body.buffer, body.byteOffset, body.byteLength));
}
