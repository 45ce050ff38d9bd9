import {
  decodeGenerateFrom,
  decodeGenerateRequest,
  encodeGenerateResponse,
  ProtocolError,
} from '@onda/protocol';
import { generate } from '@onda/runtime';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { clientOf } from '../access/guard.ts';
import { scopedId } from '../access/sequenceScope.ts';
import { addModelRoute } from '../addRoute.ts';
import type { ModelParams } from '../addRoute.ts';
import { checkCapacity, checkRunSize } from '../admission.ts';
import { limits } from '../limits.ts';
import { requestBody } from '../requestBody.ts';
import { sendJson } from '../sendJson.ts';
import { findLive } from '../sequences/findLive.ts';
import { generateFrom } from '../sequences/generateFrom.ts';
import type { Service } from '../service.ts';

/** `POST /v2/models/{name}[/versions/{version}]/generate`: a prompt in, or a live sequence named, the samples that come after it out. */
export function addGenerate(app: FastifyInstance, service: Service): void {
  const handler = (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
    generateSamples(service, request, reply);
  addModelRoute(app, 'POST', '/generate', handler, limits.generateBodyBytes);
}

async function generateSamples(
  service: Service,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { name, version } = request.params as ModelParams;
  const model = service.repository.find(name, version);
  const { generator } = model;
  if (generator === null) {
    throw new ProtocolError(
      'malformed',
      `model "${model.name}" has no generator: its outputs are not its inputs; use infer`,
    );
  }
  const from = decodeGenerateFrom(requestBody(request));
  if (from) {
    const id = scopedId(clientOf(request.raw), from.id);
    const found = await findLive(service.repository, model, version, id);
    checkCapacity(service);
    return sendJson(reply, await generateFrom(found, from));
  }
  const { manifest, session } = generator;
  const { prompt, nesting, samples, state, returnState } = decodeGenerateRequest(requestBody(request), {
    features: manifest.net.features,
    stateSize: manifest.state.size,
  });
  checkRunSize(model, prompt.dims[0], prompt.dims[1] + samples);
  checkCapacity(service);
  const result = await generate(session, manifest, prompt, state, samples);
  return sendJson(
    reply,
    encodeGenerateResponse({
      modelName: model.name,
      modelVersion: model.version,
      values: result.y,
      nesting,
      state: returnState ? result.state : undefined,
    }),
  );
}
