import { ProtocolError } from '@onda/protocol';
import type { FastifyInstance, FastifySchema, RouteHandlerMethod } from 'fastify';
import type { z } from 'zod';

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/** Paths of a model: of its newest version, and of a given one. */
const modelPaths = ['/v2/models/:name', '/v2/models/:name/versions/:version'] as const;

export interface ModelParams {
  name: string;
  version?: string;
}

/** Documentation of a route in the OpenAPI document. */
export interface RouteDocs {
  operationId: string;
  summary: string;
  /** Schema of the body; undefined: none. */
  body?: z.ZodType;
  /** Schema of the JSON of a 200; null: bytes. */
  response: z.ZodType | null;
  /** The bodies may also be in the binary form of the protocol. */
  binary?: true;
  /** The response is a stream of server-sent events. */
  events?: true;
  /** Further statuses that are not errors: the schema of the response, or null for no body. */
  others?: Readonly<Record<number, z.ZodType | null>>;
  /** Statuses of errors in addition to those of every route. */
  errors?: readonly number[];
}

declare module 'fastify' {
  interface FastifyContextConfig {
    docs?: RouteDocs;
  }
}

type Method = 'GET' | 'POST' | 'PUT';

interface Route {
  docs?: RouteDocs;
  /** zod schemas of the parts that are validated before the handler runs. */
  schema?: FastifySchema;
  handler: RouteHandlerMethod;
}

type Routes = Readonly<Partial<Record<Method, Route>>>;

/**
 * Adds the handlers of a path. GET also handles HEAD; all other methods get 405 with Allow before the body is read.
 */
export function addRoutes(app: FastifyInstance, url: string, routes: Routes, bodyLimit?: number): void {
  const allowed = methods.filter((method): method is Method => Object.hasOwn(routes, method));
  for (const [method, { docs, schema, handler }] of Object.entries(routes)) {
    app.route({
      method,
      url,
      handler,
      config: docs ? { docs } : {},
      ...(schema ? { schema } : {}),
      ...(bodyLimit === undefined ? {} : { bodyLimit }),
    });
  }
  const allow = allowed.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ');
  const names = allowed.join(' or ');
  app.route({
    method: methods.filter((other) => !allowed.some((method) => method === other)),
    url,
    onRequest: (request, reply, done) => {
      reply.header('allow', allow);
      const path = request.url.slice(0, 200);
      done(new ProtocolError('method', `${path}: expected ${names}, got ${request.method}; use ${names}`));
    },
    // Never reached: the hook above answers.
    handler: (_request, reply) => {
      reply.callNotFound();
    },
  });
}

/** Adds the handlers of a path below a model, at both of the model's paths. */
export function addModelRoutes(
  app: FastifyInstance,
  suffix: string,
  routes: Routes,
  bodyLimit?: number,
): void {
  for (const path of modelPaths) addRoutes(app, path + suffix, routes, bodyLimit);
}
