import type { FastifyInstance } from 'fastify';
import { modelMetadataText } from '@onda/serving';
import { addModelRoute, addRoute } from '../addRoute.ts';
import type { ModelParams } from '../addRoute.ts';
import { sendJson } from '../sendJson.ts';
import type { Service } from '../service.ts';
import { serverDescription } from '../serverDescription.ts';

/** What the service and its models are. */
export function addMetadata(app: FastifyInstance, service: Service): void {
  const server = JSON.stringify(serverDescription);
  addRoute(app, 'GET', '/v2', (_request, reply) => sendJson(reply, server));

  // Onda's own: the protocol has no list of models, and the page needs one.
  addRoute(app, 'GET', '/v2/models', (_request, reply) => sendJson(reply, modelList(service)));

  addModelRoute(app, 'GET', '', (request, reply) => {
    const { name, version } = request.params as ModelParams;
    return sendJson(reply, modelMetadataText(service.repository, name, version));
  });
  addModelRoute(app, 'GET', '/config', (request, reply) => {
    const { name, version } = request.params as ModelParams;
    return sendJson(reply, service.repository.find(name, version).config);
  });
}

function modelList({ repository }: Service): string {
  const served = repository.served.map(({ name, version, generator }) => ({
    name,
    version,
    ready: true,
    generate: generator !== null,
  }));
  const broken = repository.broken.map(({ name }) => ({
    name,
    version: null,
    ready: false,
    generate: false,
  }));
  return JSON.stringify({ models: [...served, ...broken] });
}
