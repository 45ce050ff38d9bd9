import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { guard } from './access/guard.ts';
import { addFiles } from './endpoints/files.ts';
import { addGenerate } from './endpoints/generate.ts';
import { addGenerateStream } from './endpoints/generateStream.ts';
import { addHealth } from './endpoints/health.ts';
import { addInfer } from './endpoints/infer.ts';
import { addMetadata } from './endpoints/metadata.ts';
import { addModelIndex } from './endpoints/modelIndex.ts';
import { addSequences } from './endpoints/sequences.ts';
import { addPage, builtPage } from './endpoints/page.ts';
import { addStatistics } from './endpoints/statistics.ts';
import { addErrorReplies, replyClientError, replyError } from './errorReplies.ts';
import { createHttpServer } from './http/httpServer.ts';
import { endConnections } from './http/endConnections.ts';
import { limits } from './limits.ts';
import { logRequests } from './log/logRequests.ts';
import { addOpenApi } from './openapi/addOpenApi.ts';
import { addLoadShedding } from './overload.ts';
import { addBodyParser } from './requestBody.ts';
import { addSecurityHeaders } from './securityHeaders.ts';
import type { Service } from './service.ts';

/** A model's name may have 128 characters, three times as many when percent-encoded. */
const MAX_PARAM_LENGTH = 400;

/**
 * The HTTP app: the Open Inference Protocol v2 under /v2, the page at /.
 *
 * @param page folder of the built browser app
 */
export async function createApp(service: Service, page: string = builtPage): Promise<FastifyInstance> {
  const pagePaths = new Set<string>();
  const app = Fastify({
    logger: false,
    bodyLimit: limits.bodyBytes,
    serverFactory: (router) => {
      const guarded = guard(service.access, (path) => pagePaths.has(path), router);
      const told = logRequests(service.log, endConnections(service, guarded));
      return createHttpServer(service.tracing?.listener(told) ?? told);
    },
    // What was sent before its client could know is answered; each answer says that the connection ends.
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_PARAM_LENGTH },
    clientErrorHandler: replyClientError,
    frameworkErrors: (error, request, reply) => {
      replyError(service, error, request, reply);
    },
  });
  addSecurityHeaders(app);
  addBodyParser(app);
  addErrorReplies(app, service);
  addOpenApi(app, service);
  addHealth(app, service);
  addMetadata(app, service);
  await app.register(async (models) => {
    service.overloaded = await addLoadShedding(models, service.repository);
    addInfer(models, service);
    addGenerate(models, service);
    addGenerateStream(models, service);
  });
  addStatistics(app, service);
  addSequences(app, service);
  addFiles(app, service);
  addModelIndex(app, service);
  await addPage(app, page, pagePaths);
  return app;
}
