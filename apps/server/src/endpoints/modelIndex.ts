import type { FastifyInstance } from 'fastify';
import { addRoute } from '../addRoute.ts';
import { sendJson } from '../sendJson.ts';
import type { Service } from '../service.ts';

/** `models/index.json` beside the page: which models it can load, and from where. A page without a service has it as a file. */
export function addModelIndex(app: FastifyInstance, service: Service): void {
  const index = JSON.stringify({
    models: service.repository.served.map(({ name, version }) => ({
      name,
      version,
      ready: true,
      files: `v2/models/${encodeURIComponent(name)}/versions/${version}/files/`,
    })),
  });
  addRoute(app, 'GET', '/models/index.json', (_request, reply) => sendJson(reply, index));
}
