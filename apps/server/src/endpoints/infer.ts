import type { FastifyInstance } from 'fastify';
import { withTrace } from '@onda/serving';
import { clientOf } from '../access/guard.ts';
import { addModelRoute } from '../addRoute.ts';
import type { ModelParams } from '../addRoute.ts';
import { inferAnswer } from '../http/inferAnswer.ts';
import { sendAnswer } from '../http/sendAnswer.ts';
import { limits } from '../limits.ts';
import { requestBody } from '../requestBody.ts';
import type { Service } from '../service.ts';

/** `POST /v2/models/{name}[/versions/{version}]/infer`: the model's tensors in, its tensors out. */
export function addInfer(app: FastifyInstance, service: Service): void {
  addModelRoute(
    app,
    'POST',
    '/infer',
    async (request, reply) => {
      const { name, version } = request.params as ModelParams;
      const { headers, raw } = request;
      const call = { name, version, headers, body: requestBody(request), client: clientOf(raw) };
      const answer = await withTrace(service.tracing?.traceOf(raw), () =>
        inferAnswer(service, { ...call, isGone: () => reply.raw.destroyed }),
      );
      return sendAnswer(reply, answer);
    },
    limits.bodyBytes,
  );
}
