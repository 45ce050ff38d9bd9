import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { addGenerate } from '../endpoints/generate.ts';
import { addHealth } from '../endpoints/health.ts';
import { addInfer } from '../endpoints/infer.ts';
import { addModels } from '../endpoints/models.ts';
import { addSequences } from '../endpoints/sequences.ts';
import type { Serving } from '@onda/serving';
import type { Access } from '../access/access.ts';
import type { Certificate } from '../certificate.ts';
import type { Health } from '../health.ts';
import { limits, timeouts } from '../limits.ts';
import type { Log } from '../telemetry/log.ts';
import { addOpenApi } from './openApi.ts';
import { validatorCompiler } from './validate.ts';
import { LoadShedding } from '../overload.ts';
import type { Tracing } from '../telemetry/otelTracing.ts';
import { addErrorReplies, replyClientError, replyError } from './replies.ts';
import { addPage, builtPage } from './page.ts';
import { addPipelining, PipelinedResponse } from './pipelining.ts';
import { addBodyParser } from './requestBody.ts';
import { addAccess, addObservation } from './requestHooks.ts';

/** A model's name may have 128 characters, three times as many when percent-encoded. */
const MAX_PARAM_LENGTH = 400;

export interface AppOptions {
  serving: Serving;
  access: Access;
  health: Health;
  log: Log;
  tracing?: Tracing | undefined;
  /** Undefined: no TLS. */
  tls?: Certificate | undefined;
  /** Folder of the built browser app. */
  page?: string;
}

export interface App {
  http: FastifyInstance;
  /** Load shedding, for other transports. */
  shedding: LoadShedding;
}

/** The HTTP app: the Open Inference Protocol v2 under /v2, the browser app at /. */
export async function createApp({
  serving,
  access,
  health,
  log,
  tracing,
  tls,
  page = builtPage,
}: AppOptions): Promise<App> {
  const { repository } = serving;
  // Typed as HTTP: an HTTPS server has all of its interface.
  const http = { headersTimeout: timeouts.headersMs, ServerResponse: PipelinedResponse };
  const transport = (
    tls ? { https: { ...http, ...tls.context, ALPNProtocols: ['http/1.1'] } } : { http }
  ) as {
    http: typeof http;
  };
  const app = Fastify({
    logger: false,
    bodyLimit: limits.bodyBytes,
    requestTimeout: timeouts.requestMs,
    keepAliveTimeout: timeouts.keepAliveMs,
    connectionTimeout: timeouts.idleSocketMs,
    ...transport,
    // Requests sent before the client knows of the shutdown are served; each response ends its connection.
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_PARAM_LENGTH },
    clientErrorHandler: replyClientError,
    frameworkErrors: (error, request, reply) => {
      replyError(log, error, request, reply);
    },
  });
  app.server.maxConnections = limits.connections;
  // One more than accepted, so that excess headers are detected and not silently dropped.
  app.server.maxHeadersCount = limits.headers + 1;
  app.setValidatorCompiler(validatorCompiler);
  const pagePaths = new Set<string>();
  addPipelining(app);
  addObservation(app, health, log, tracing);
  await addAccess(app, access, (path) => pagePaths.has(path));
  addBodyParser(app, access.bytes);
  addErrorReplies(app, log);
  await addOpenApi(app, {
    description: 'The Open Inference Protocol v2, with extensions of Triton and of Onda.',
    errors: [400, 401, 403, 408, 415, 429, 431, 500, 503],
    exampleModel: () =>
      repository.served.find(({ generator }) => generator !== null) ?? repository.served.at(0),
  });
  addHealth(app, health, repository);
  addModels(app, serving);
  addSequences(app, serving);
  const shedding = new LoadShedding(repository);
  // A separate scope: load is shed on these routes only.
  await app.register(async (inference) => {
    await shedding.addTo(inference);
    addInfer(inference, serving);
    addGenerate(inference, serving, log);
  });
  await addPage(app, page, pagePaths);
  return { http: app, shedding };
}
