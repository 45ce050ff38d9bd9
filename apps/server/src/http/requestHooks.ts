import cors from '@fastify/cors';
import type { FastifyCorsOptions } from '@fastify/cors';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Access } from '../access/access.ts';
import { AccessError } from '../access/accessError.ts';
import type { Log } from '../telemetry/log.ts';
import { maybeTraceParent } from '../telemetry/traceparent.ts';
import { ProtocolError } from '@onda/protocol';
import type { RequestTrace } from '@onda/serving';
import type { Health } from '../health.ts';
import { limits } from '../limits.ts';
import type { Tracing } from '../telemetry/otelTracing.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The name of the client's token; undefined without authentication. */
    client: string | undefined;
    /** undefined without tracing. */
    trace: RequestTrace | undefined;
  }
}

/** Headers of every response: no content sniffing, no loading by other origins. */
const answerHeaders = {
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
} as const;

/** Paths without authentication: orchestrators have no token. Compared literally, so that no other spelling matches. */
const probePaths: readonly string[] = ['/v2/health/live', '/v2/health/ready'];

/** Longest part of a path that is logged. */
const MAX_LOGGED_PATH = 200;

/** Seconds for which a browser may cache the response to a preflight request. */
const PREFLIGHT_MAX_AGE_S = 600;

/** Adds response headers, draining, the request log and tracing to all routes. */
export function addObservation(
  app: FastifyInstance,
  health: Health,
  log: Log,
  tracing: Tracing | undefined,
): void {
  app.decorateRequest('client', undefined);
  app.decorateRequest('trace', undefined);
  const logs = log.isLevelEnabled('debug');
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(answerHeaders);
    // While the service drains, each response ends its connection, so that the client connects to another process. Closing a
    // connection that only seems idle would lose a request in transit.
    if (health.draining) reply.header('connection', 'close');
    if (logs) logWhenClosed(log, request, reply);
    if (tracing) request.trace = tracing.traceHttp(request, reply);
    done();
  });
}

/** Logs a request when its response was sent or its connection is closed. */
function logWhenClosed(log: Log, request: FastifyRequest, { raw: response }: FastifyReply): void {
  const since = performance.now();
  response.once('close', () => {
    const [path] = request.url.split('?');
    log.debug(
      {
        method: request.method,
        path: path.slice(0, MAX_LOGGED_PATH),
        status: response.writableFinished ? response.statusCode : 499,
        ms: Math.round((performance.now() - since) * 1000) / 1000,
        client: request.client,
        trace_id: maybeTraceParent(request.headers.traceparent?.toString())?.traceId,
      },
      'http request',
    );
  });
}

/**
 * Checks every request before its body is read: the Host and Origin headers, CORS, authentication and client limits.
 *
 * @param isPublic whether a path needs no authentication: the page's own files
 */
export async function addAccess(
  app: FastifyInstance,
  access: Access,
  isPublic: (path: string) => boolean,
): Promise<void> {
  const { hosts, origins } = access;
  const counted = (error: unknown): Error => {
    if (error instanceof AccessError) access.countRefusal(error);
    return error as Error;
  };
  app.addHook('onRequest', ({ raw, headers }, _reply, done) => {
    try {
      checkHeaders(raw.rawHeaders);
      hosts.check(headers.host);
      origins.check(headers);
    } catch (error) {
      done(counted(error));
      return;
    }
    done();
  });
  // Preflight requests carry no token, so they are answered before authentication.
  if (origins.list.length > 0) {
    await app.register(cors, {
      delegator: ({ headers: { origin } }: FastifyRequest, callback: CorsCallback) => {
        const allowed = origin !== undefined && origins.list.includes(origin);
        callback(null, { ...corsOptions, origin: allowed ? origin : false });
      },
    });
  }
  if (!access.asks) return;
  app.addHook('onRequest', (request, reply, done) => {
    const { url = '', method, headers, socket } = request.raw;
    const address = socket.remoteAddress ?? '';
    try {
      if (probePaths.includes(url) || ((method === 'GET' || method === 'HEAD') && isPublic(url))) {
        access.admitProbe(address);
        done();
        return;
      }
      const { client, leave } = access.admit(headers.authorization, address);
      request.client = client;
      reply.raw.once('close', leave);
    } catch (error) {
      done(counted(error));
      return;
    }
    done();
  });
}

/** Headers that may occur once: with two, a proxy and this service could read different ones. */
const singleHeaders = new Set(['host', 'authorization']);

/**
 * @param raw names and values in turn
 * @throws ProtocolError 400, 431
 */
function checkHeaders(raw: readonly string[]): void {
  if (raw.length > 2 * limits.headers) {
    throw new ProtocolError(
      'headers-too-large',
      `the headers: expected at most ${limits.headers}, got more; send fewer`,
    );
  }
  let seen = '';
  for (let index = 0; index < raw.length; index += 2) {
    const { length } = raw[index];
    // Most others differ in length.
    if (length !== 4 && length !== 13) continue;
    const name = raw[index].toLowerCase();
    if (!singleHeaders.has(name)) continue;
    if (seen.includes(name)) {
      throw new ProtocolError('malformed', `${name}: expected one header, got several; send one`);
    }
    seen += name;
  }
}

type CorsCallback = (error: Error | null, options: FastifyCorsOptions) => void;

const corsOptions: FastifyCorsOptions = {
  methods: ['GET', 'POST', 'PUT'],
  allowedHeaders: [
    'authorization',
    'content-type',
    'inference-header-content-length',
    'traceparent',
    'tracestate',
  ],
  exposedHeaders: ['inference-header-content-length', 'retry-after'],
  maxAge: PREFLIGHT_MAX_AGE_S,
};
