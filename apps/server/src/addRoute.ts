import { ProtocolError } from '@onda/protocol';
import type { FastifyInstance, RouteHandlerMethod } from 'fastify';

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/** Paths of one model: without a version, and with it. */
export const modelPaths = ['/v2/models/:name', '/v2/models/:name/versions/:version'] as const;

export interface ModelParams {
  name: string;
  version?: string;
}

type Method = 'GET' | 'POST' | 'PUT';
type Handlers = Readonly<Partial<Record<Method, RouteHandlerMethod>>>;

/**
 * Adds an endpoint that answers some methods (a GET answers HEAD too); every other method gets a 405 that names the right ones,
 * before its body is read.
 */
export function addRoutes(app: FastifyInstance, url: string, handlers: Handlers, bodyLimit?: number): void {
  const answered = methods.filter((method): method is Method => Object.hasOwn(handlers, method));
  for (const method of answered) {
    const handler = handlers[method];
    if (handler) app.route({ method, url, handler, ...(bodyLimit === undefined ? {} : { bodyLimit }) });
  }
  const allowed = answered.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ');
  app.route({
    method: methods.filter((other) => !answered.some((method) => method === other)),
    url,
    // Not a route to be told of.
    config: { refuses: true },
    onRequest: async (request, reply) => {
      reply.header('allow', allowed);
      const names = answered.join(' or ');
      return Promise.reject(
        new ProtocolError(
          'method',
          `${request.url.slice(0, 200)}: expected ${names}, got ${request.method}; use ${names}`,
        ),
      );
    },
    // Never reached: the hook above answers first.
    handler: (_request, reply) => {
      reply.callNotFound();
    },
  });
}

/** Adds an endpoint that answers one method. */
export function addRoute(
  app: FastifyInstance,
  method: Method,
  url: string,
  handler: RouteHandlerMethod,
  bodyLimit?: number,
): void {
  addRoutes(app, url, { [method]: handler }, bodyLimit);
}

/** Adds an endpoint of a model at both of its paths. */
export function addModelRoute(
  app: FastifyInstance,
  method: Method,
  suffix: string,
  handler: RouteHandlerMethod,
  bodyLimit?: number,
): void {
  for (const path of modelPaths) addRoute(app, method, path + suffix, handler, bodyLimit);
}

/** Adds an endpoint of a model that answers several methods. */
export function addModelRoutes(
  app: FastifyInstance,
  suffix: string,
  handlers: Handlers,
  bodyLimit?: number,
): void {
  for (const path of modelPaths) addRoutes(app, path + suffix, handlers, bodyLimit);
}
