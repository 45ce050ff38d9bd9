import type { FastifyInstance } from 'fastify';
import type { ModelRepository } from '@onda/serving';
import type { Health } from '../health.ts';
import { addModelRoutes, addRoutes } from '../http/addRoute.ts';
import type { ModelParams } from '../http/addRoute.ts';
import { Live, ModelReady, Ready } from '../http/schemas.ts';

/** The health checks. A model is ready if it is loaded; otherwise 404 or 503 say why not. */
export function addHealth(app: FastifyInstance, health: Health, repository: ModelRepository): void {
  addRoutes(app, '/v2/health/live', {
    GET: {
      docs: {
        operationId: 'live',
        summary: 'Liveness: 503 if the process should be restarted.',
        response: Live,
        others: { 503: Live },
      },
      handler: (_request, reply) => {
        const { live } = health;
        return reply.code(live ? 200 : 503).send({ live });
      },
    },
  });
  addRoutes(app, '/v2/health/ready', {
    GET: {
      docs: {
        operationId: 'ready',
        summary: 'Readiness: 503 if the service should get no requests.',
        response: Ready,
        others: { 503: Ready },
      },
      handler: (_request, reply) => {
        const { ready } = health;
        return reply.code(ready ? 200 : 503).send({ ready });
      },
    },
  });
  addModelRoutes(app, '/ready', {
    GET: {
      docs: { operationId: 'modelReady', summary: 'Whether a model is ready.', response: ModelReady },
      handler: (request, reply) => {
        const { name, version } = request.params as ModelParams;
        const model = repository.find(name, version);
        const { ready } = health;
        return reply.code(ready ? 200 : 503).send({ name: model.name, ready });
      },
    },
  });
}
