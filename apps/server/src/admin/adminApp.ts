import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { ProtocolError } from '@onda/protocol';
import { AllowedHosts } from '../access/origins.ts';
import type { Tokens } from '../access/tokens.ts';
import type { Health } from '../health.ts';
import { addRoutes } from '../http/addRoute.ts';
import { addOpenApi } from '../http/openApi.ts';
import { addErrorReplies, replyClientError, replyError, sendJson } from '../http/replies.ts';
import { IndexRequest, LoadRequest, Nothing, RepositoryIndex, UnloadRequest } from '../http/schemas.ts';
import { limits, timeouts } from '../limits.ts';
import type { Log } from '../telemetry/log.ts';
import type { RepositoryCalls } from './repositoryCalls.ts';

/**
 * The HTTP app of the admin port: Triton's model repository extension, which lists, loads and unloads models.
 *
 * @param the accepted tokens; undefined: no authentication
 */
export async function createAdminApp(
  calls: RepositoryCalls,
  tokens: Tokens | undefined,
  { host, health, log }: { host: string; health: Health; log: Log },
): Promise<FastifyInstance> {
  const app = Fastify({
    logger: false,
    bodyLimit: limits.adminBodyBytes,
    requestTimeout: timeouts.requestMs,
    http: { headersTimeout: timeouts.headersMs },
    return503OnClosing: false,
    clientErrorHandler: replyClientError,
    frameworkErrors: (error, request, reply) => {
      replyError(log, error, request, reply);
    },
  });
  const hosts = new AllowedHosts(host);
  app.addHook('onRequest', ({ headers }, reply, done) => {
    if (health.draining) reply.header('connection', 'close');
    try {
      hosts.check(headers.host);
      // Browsers send Origin with the requests of a page.
      if (headers.origin !== undefined) {
        throw new ProtocolError(
          'forbidden',
          'Origin: expected none, since pages may not call this port, got one',
        );
      }
      tokens?.clientOf(headers.authorization);
    } catch (error) {
      done(error as Error);
      return;
    }
    done();
  });
  addJsonParser(app);
  addErrorReplies(app, log);
  await addOpenApi(app, {
    description: "Triton's model repository extension: lists, loads and unloads models.",
    errors: [400, 401, 403, 408, 431, 500],
  });
  addRepositoryRoutes(app, calls);
  return app;
}

/** Reads every body as a JSON object, whatever its content type; a missing body is an empty object. */
function addJsonParser(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, text: string, done) => {
    try {
      const body: unknown = text === '' ? {} : JSON.parse(text);
      if (typeof body === 'object' && body !== null && !Array.isArray(body)) {
        done(null, body);
        return;
      }
    } catch {
      // Text that is not JSON is not an object either.
    }
    done(new ProtocolError('malformed', 'the body: expected a JSON object, or none; correct it'));
  });
}

function addRepositoryRoutes(app: FastifyInstance, calls: RepositoryCalls): void {
  addRoutes(app, '/v2/repository/index', {
    POST: {
      docs: {
        operationId: 'index',
        summary: 'Lists the models of the repository and their states.',
        body: IndexRequest,
        response: RepositoryIndex,
      },
      handler: async ({ body }, reply) => {
        const { ready } = (body ?? {}) as { ready?: unknown };
        return sendJson(reply, JSON.stringify(await calls.index(ready)));
      },
    },
  });
  addRoutes(app, '/v2/repository/models/:name/load', {
    POST: {
      docs: {
        operationId: 'load',
        summary:
          'Loads a model of the repository, or reloads it if it has changed. A model that does not load is a 400 with the reason.',
        body: LoadRequest,
        response: Nothing,
      },
      handler: async ({ body, params }, reply) => {
        const { parameters } = (body ?? {}) as { parameters?: unknown };
        await calls.load((params as { name: string }).name, parameters);
        return sendJson(reply, '{}');
      },
    },
  });
  addRoutes(app, '/v2/repository/models/:name/unload', {
    POST: {
      docs: {
        operationId: 'unload',
        summary: 'Unloads a model. Its open requests and live sequences still complete.',
        body: UnloadRequest,
        response: Nothing,
      },
      handler: async ({ body, params }, reply) => {
        const { parameters } = (body ?? {}) as { parameters?: unknown };
        await calls.unload((params as { name: string }).name, parameters);
        return sendJson(reply, '{}');
      },
    },
  });
}
