import { ProtocolError } from '@onda/protocol';
import type { FastifyInstance, RouteHandlerMethod } from 'fastify';

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/** Paths of one model: without a version, and with it. */
export const modelPaths = ['/v2/models/:name', '/v2/models/:name/versions/:version'] as const;

export interface ModelParams {
  name: string;
  version?: string;
}

/**
 * Adds an endpoint that answers one method (a GET answers HEAD too); every other method gets a 405 that names the right one,
 * before its body is read.
 */
export function addRoute(
  app: FastifyInstance,
  method: 'GET' | 'POST',
  url: string,
  handler: RouteHandlerMethod,
  bodyLimit?: number,
): void {
  app.route({ method, url, handler, ...(bodyLimit === undefined ? {} : { bodyLimit }) });
  app.route({
    method: methods.filter((other) => other !== method),
    url,
    onRequest: async (request, reply) => {
      reply.header('allow', method === 'GET' ? 'GET, HEAD' : method);
      return Promise.reject(
        new ProtocolError(
          'method',
          `${request.url.slice(0, 200)}: expected ${method}, got ${request.method}; use ${method}`,
        ),
      );
    },
    // Never reached: the hook above answers first.
    handler: (_request, reply) => {
      reply.callNotFound();
    },
  });
}

/** Adds an endpoint of a model at both of its paths. */
export function addModelRoute(
  app: FastifyInstance,
  method: 'GET' | 'POST',
  suffix: string,
  handler: RouteHandlerMethod,
  bodyLimit?: number,
): void {
  for (const path of modelPaths) addRoute(app, method, path + suffix, handler, bodyLimit);
}
