import type { FastifyInstance } from 'fastify';
import { addRoute } from '../addRoute.ts';
import { sendJson } from '../sendJson.ts';
import type { Service } from '../service.ts';
import { openApiDocument } from './document.ts';
import type { Registered } from './document.ts';
import { exampleOf } from './example.ts';
import { servicePort } from './operations.ts';

/**
 * `GET /openapi.json`: what the service answers, made of the routes that are registered after this call. One that is not described, or
 * described and not there, stops the service from starting.
 */
export function addOpenApi(app: FastifyInstance, service: Service): void {
  const routes: Registered[] = [];
  app.addHook('onRoute', ({ method, url, config }) => {
    const { refuses = false }: { refuses?: boolean } = config ?? {};
    if (refuses || !(url.startsWith('/v2') || url === '/openapi.json')) return;
    for (const name of [method].flat()) if (name !== 'HEAD') routes.push({ method: name, url });
  });
  addRoute(app, 'GET', '/openapi.json', (_request, reply) => sendJson(reply, text()));
  const text = (): string => {
    const { served } = service.repository;
    const model = served.find(({ generator }) => generator !== null) ?? served.at(0);
    return JSON.stringify(openApiDocument(routes, servicePort, model && exampleOf(model)));
  };
  app.addHook('onReady', (done) => {
    text();
    done();
  });
}
