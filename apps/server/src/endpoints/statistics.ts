import type { FastifyInstance } from 'fastify';
import { modelStatistics } from '@onda/serving';
import { addModelRoute, addRoute } from '../addRoute.ts';
import type { ModelParams } from '../addRoute.ts';
import { sendJson } from '../sendJson.ts';
import type { Service } from '../service.ts';

/** `GET /v2/models/stats` and `GET /v2/models/{name}[/versions/{version}]/stats`: Triton's statistics extension, without a version of all that answer. */
export function addStatistics(app: FastifyInstance, service: Service): void {
  const { repository } = service;
  addRoute(app, 'GET', '/v2/models/stats', (_request, reply) =>
    sendJson(reply, JSON.stringify(modelStatistics(repository.served))),
  );
  addModelRoute(app, 'GET', '/stats', (request, reply) => {
    const { name, version } = request.params as ModelParams;
    return sendJson(reply, JSON.stringify(modelStatistics(repository.findAll(name, version))));
  });
}
