import type { FastifyInstance } from 'fastify';
import { addModelRoute, addRoute } from '../addRoute.ts';
import type { ModelParams } from '../addRoute.ts';
import { isLive, isReady } from '../health.ts';
import type { Service } from '../service.ts';

/** Live and ready as health.ts has them. A model's ready: it is loaded, or 404 or 503 say why not. */
export function addHealth(app: FastifyInstance, service: Service): void {
  addRoute(app, 'GET', '/v2/health/live', (_request, reply) => {
    const live = isLive(service);
    return reply.code(live ? 200 : 503).send({ live });
  });
  addRoute(app, 'GET', '/v2/health/ready', (_request, reply) => {
    const ready = isReady(service);
    return reply.code(ready ? 200 : 503).send({ ready });
  });
  addModelRoute(app, 'GET', '/ready', (request, reply) => {
    const { name, version } = request.params as ModelParams;
    const model = service.repository.find(name, version);
    const ready = isReady(service);
    return reply.code(ready ? 200 : 503).send({ name: model.name, ready });
  });
}
