import type { Server as HttpsServer } from 'node:https';
import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import { createWorkerPool } from '@onda/runtime-node';
import { openServing } from '@onda/serving';
import type { ModelOptions, ModelRepository } from '@onda/serving';
import { openAccess } from './access/access.ts';
import { Certificate } from './certificate.ts';
import { openAdmin } from './admin/openAdmin.ts';
import type { AdminPorts } from './admin/openAdmin.ts';
import type { ServeOptions } from './cli/serveOptions.ts';
import type { InferenceOptions } from './grpc/inferenceHandlers.ts';
import type { GrpcPort } from './grpc/startGrpc.ts';
import { Health } from './health.ts';
import { limits, timeouts } from './limits.ts';
import { closeDrained, listenError, listenOn, urlOf } from './listen.ts';
import type { Log } from './telemetry/log.ts';
import type { MetricsSources } from './telemetry/metricsServer.ts';
import { openTracing } from './telemetry/tracing.ts';

export interface RunningServer extends AdminPorts {
  /** `http://127.0.0.1:8000`. */
  readonly url: string;
  /** `http://127.0.0.1:8002`. */
  readonly metricsUrl: string | undefined;
  /** `127.0.0.1:8001`. */
  readonly grpcAddress: string | undefined;
  readonly repository: ModelRepository;
  /** Stops accepting requests, completes the open ones, and releases the models. */
  close(): Promise<void>;
}

/** Functions that close the parts of the server, in the order of their calls. */
type Closers = (() => Promise<void>)[];

/**
 * Loads the models and opens the ports.
 *
 * @param log receives warnings, changes of models, and internal errors with their stack
 * @throws ConfigError, ModelError, MissingError; everything is closed then
 */
export async function startServer(options: ServeOptions, log: Log): Promise<RunningServer> {
  const onWarning = (text: string): void => {
    log.warn(text);
  };
  const access = await openAccess(options);
  const tls = await Certificate.open(options, log);
  const tracing = await openTracing(onWarning);
  const { provider, workers } = options;
  const [runtime, { createApp }] = await Promise.all([
    createWorkerPool({
      provider,
      workers,
      onWarning,
      limits: { loadMs: timeouts.loadMs, runMs: timeouts.runMs },
    }),
    // The largest import, while the workers start.
    import('./http/app.ts'),
    options.grpcPort === undefined ? undefined : import('./grpc/startGrpc.ts'),
  ]);
  // Ports are closed before the parts that they use.
  const closers: Closers = [
    () => runtime.close(),
    () => tracing?.close() ?? Promise.resolve(),
    () => tls?.close() ?? Promise.resolve(),
  ];
  const close = async (): Promise<void> => {
    for (const closer of closers) await closer();
  };
  try {
    const serving = await openServing({
      ...modelOptions(options, access.tokens?.count),
      folder: options.models,
      runtime,
      workers,
      store: options.state,
      repository: {
        control: options.modelControl,
        wanted: options.loadModel,
        pollMs: timeouts.pollMs,
        maxBytes: options.maxModelBytes,
        operators: options.allowOperators,
      },
      onWarning,
      onChange: (text) => {
        log.info(text);
      },
    });
    closers.unshift(() => serving.close());
    const health = new Health(runtime);
    const metricsUrl = await listenMetrics({ serving, access, health, runtime, log, tls }, options, closers);
    const { control } = serving;
    const { tokens } = access;
    const admin = await openAdmin({ control, tokens, health, log, tracing }, options, closers);
    const app = await createApp({ serving, access, health, log, tracing, tls });
    const { server } = app.http;
    const endHandshakes = tls?.follow(server as unknown as HttpsServer);
    access.connections.bound(server);
    closers.unshift(() => {
      const closed = closeDrained(server, () => app.http.close());
      endHandshakes?.();
      return closed;
    });
    const grpcAddress = await listenGrpc(
      { serving, access, health, log, tracing, tls, shedding: app.shedding },
      options,
      closers,
    );
    const { host, httpPort } = options;
    // For localhost fastify opens a second server, on ::1, which would keep its first certificate.
    const address = tls !== undefined && host === 'localhost' ? '127.0.0.1' : host;
    await app.http.listen({ host: address, port: httpPort }).catch((cause: unknown) => {
      throw listenError(cause, host, httpPort, '--http-port');
    });
    return {
      url: urlOf(server),
      grpcAddress,
      metricsUrl,
      ...admin,
      repository: serving.repository,
      close: async () => {
        health.draining = true;
        await delay(options.drainDelayMs);
        // Requests that arrived meanwhile are read before connections are closed.
        await setImmediate();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** @param clients with a token; undefined: no authentication, so that clients cannot be distinguished */
function modelOptions(
  { workers, maxSequences, sequenceIdleS }: ServeOptions,
  clients: number | undefined,
): ModelOptions {
  return {
    batching: {
      maxRows: limits.batchRows,
      workers,
      maxValues: limits.joinedValues,
      delayUs: 0,
      maxWaiting: limits.queuedRequests,
    },
    sequences: {
      most: maxSequences,
      idleMs: sequenceIdleS * 1000,
      ageMs: limits.sequenceAgeS * 1000,
      // With several clients, one cannot take all sequences.
      ...(clients === undefined || clients < 2 ? {} : { mostOfClient: Math.ceil(maxSequences / 2) }),
    },
  };
}

async function listenGrpc(
  parts: InferenceOptions & Pick<GrpcPort, 'tracing' | 'tls'>,
  { host, grpcPort: port, grpcEngine: engine }: ServeOptions,
  closers: Closers,
): Promise<string | undefined> {
  if (port === undefined) return undefined;
  const { startGrpc } = await import('./grpc/startGrpc.ts');
  const server = await startGrpc({ ...parts, host, port, engine });
  closers.unshift(() => server.close());
  return server.address;
}

/** Opens the metrics port before the other ports, and closes it after them. */
async function listenMetrics(
  sources: MetricsSources,
  { host, metricsPort: port }: ServeOptions,
  closers: Closers,
): Promise<string | undefined> {
  if (port === undefined) return undefined;
  const { createMetricsServer } = await import('./telemetry/metricsServer.ts');
  const server = createMetricsServer(sources);
  await listenOn(server, host, port).catch((cause: unknown) => {
    throw listenError(cause, host, port, '--metrics-port');
  });
  closers.unshift(
    () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  );
  return urlOf(server);
}
