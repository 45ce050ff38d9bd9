import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { addGenerate } from '../endpoints/generate.ts';
import { addHealth } from '../endpoints/health.ts';
import { addInfer } from '../endpoints/infer.ts';
import { addModels } from '../endpoints/models.ts';
import { addSequences } from '../endpoints/sequences.ts';
import { limits, timeouts } from '../limits.ts';
import { addOpenApi } from '../openapi/openApi.ts';
import { validatorCompiler } from '../openapi/validate.ts';
import { addLoadShedding } from '../overload.ts';
import type { Service } from '../service.ts';
import { addErrorReplies, replyClientError, replyError } from './errorReplies.ts';
import { addPage, builtPage } from './page.ts';
import { addBodyParser } from './requestBody.ts';
import { addAccess, addObservation } from './requestHooks.ts';

/** A model's name may have 128 characters, three times as many when percent-encoded. */
const MAX_PARAM_LENGTH = 400;

/**
 * The HTTP app: the Open Inference Protocol v2 under /v2, the page at /.
 *
 * @param page folder of the built browser app
 */
export async function createApp(service: Service, page: string = builtPage): Promise<FastifyInstance> {
  const { access, log, repository, serving } = service;
  const app = Fastify({
    logger: false,
    bodyLimit: limits.bodyBytes,
    requestTimeout: timeouts.requestMs,
    keepAliveTimeout: timeouts.keepAliveMs,
    connectionTimeout: timeouts.idleSocketMs,
    http: { headersTimeout: timeouts.headersMs },
    // Requests that were sent before their client could know are answered; each answer ends its connection.
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_PARAM_LENGTH },
    clientErrorHandler: replyClientError,
    frameworkErrors: (error, request, reply) => {
      replyError(log, error, request, reply);
    },
  });
  app.server.maxConnections = limits.connections;
  // One more than are accepted, so that further ones are noticed and not dropped.
  app.server.maxHeadersCount = limits.headers + 1;
  app.setValidatorCompiler(validatorCompiler);
  const pagePaths = new Set<string>();
  addObservation(app, service);
  await addAccess(app, access, (path) => pagePaths.has(path));
  addBodyParser(app, access.bytes);
  addErrorReplies(app, log);
  await addOpenApi(app, {
    description: 'The Open Inference Protocol v2, with extensions of Triton and of Onda.',
    errors: [400, 401, 403, 408, 415, 429, 431, 500, 503],
    exampleModel: () =>
      repository.served.find(({ generator }) => generator !== null) ?? repository.served.at(0),
  });
  addHealth(app, service);
  addModels(app, serving);
  addSequences(app, serving);
  // A scope of its own: load is shed on these routes only.
  await app.register(async (inference) => {
    service.overloaded = await addLoadShedding(inference, repository);
    addInfer(inference, serving);
    addGenerate(inference, service);
  });
  await addPage(app, page, pagePaths);
  return app;
}
