import { isNetManifest } from '@onda/contract';
import type { FastifyInstance } from 'fastify';
import { addRoute } from '../addRoute.ts';
import { sendJson } from '../sendJson.ts';
import type { Service } from '../service.ts';

/**
 * `models/index.json` beside the page: which models it can load, and from where; it runs Onda nets alone. A page without a
 * service has it as a file.
 */
export function addModelIndex(app: FastifyInstance, service: Service): void {
  addRoute(app, 'GET', '/models/index.json', (_request, reply) => {
    const models = service.repository.served
      .filter(({ manifest }) => manifest !== null && isNetManifest(manifest))
      .map(({ name, version }) => ({
        name,
        version,
        ready: true,
        files: `v2/models/${encodeURIComponent(name)}/versions/${version}/files/`,
      }));
    return sendJson(reply, JSON.stringify({ models }));
  });
}
