import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { countRequest, generateAll, readGeneration } from '@onda/serving';
import { clientOf } from '../access/guard.ts';
import { addModelRoute } from '../addRoute.ts';
import type { ModelParams } from '../addRoute.ts';
import { limits } from '../limits.ts';
import { requestBody } from '../requestBody.ts';
import { sendJson } from '../sendJson.ts';
import type { Service } from '../service.ts';

/** `POST /v2/models/{name}[/versions/{version}]/generate`: a prompt in, or a live sequence named, the samples that come after it out. */
export function addGenerate(app: FastifyInstance, service: Service): void {
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { name, version } = request.params as ModelParams;
    const model = service.repository.findHeld(name, version);
    const call = { version, body: requestBody(request), client: clientOf(request.raw) };
    const answer = await countRequest(model.stats, async () =>
      generateAll(await readGeneration(service, model, call), (run) =>
        service.generations.run(() => reply.raw.destroyed, run),
      ),
    );
    return sendJson(reply, answer);
  };
  addModelRoute(app, 'POST', '/generate', handler, limits.generateBodyBytes);
}
