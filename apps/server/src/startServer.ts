import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import { createWorkerPool } from '@onda/runtime-node';
import type { OrtOptions, ProviderChoice } from '@onda/runtime-node';
import { ModelBudget, ModelRepository, RepositoryKeeper, RunGate, every, openStates } from '@onda/serving';
import type { ModelOptions, RepositoryOptions } from '@onda/serving';
import { openAccess } from './access/access.ts';
import type { AccessOptions } from './access/access.ts';
import { openAdmin } from './admin/openAdmin.ts';
import type { AdminOptions, AdminPorts } from './admin/openAdmin.ts';
import { closeDrained } from './http/closeDrained.ts';
import { timeouts } from './limits.ts';
import { listenError, listenOn, urlOf } from './listen.ts';
import type { Log } from './log/createLog.ts';
import type { Service } from './service.ts';
import { openTracing } from './tracing/openTracing.ts';

export interface ServerOptions extends AdminOptions {
  /** Folder of a Triton model repository. */
  models: string;
  host: string;
  /** 0: a free one. */
  port: number;
  /** Port of the metrics; undefined: none. */
  metricsPort: number | undefined;
  metricsHost: string;
  access: AccessOptions;
  provider: ProviderChoice;
  /** Threads that run models. */
  workers: number;
  /** Which CUDA device, and threads inside one operator. */
  runtime: OrtOptions;
  modelOptions: Omit<ModelOptions, 'openState'>;
  /** Where sequences are kept: `memory`, or a URL of Redis. */
  state: string;
  repository: RepositoryOptions;
  /** undefined: no gRPC. */
  grpcPort: number | undefined;
  /** Gets a sentence for each model that did not load and each fall-back, and defects with their stack. */
  log: Log;
  /** Of a collector of traces; undefined: nobody traces. */
  otlpEndpoint: string | undefined;
  /** How long connections are still taken after `close` was called, milliseconds. */
  drainDelayMs: number;
}

export interface RunningServer extends AdminPorts {
  /** `http://127.0.0.1:8000`. */
  readonly url: string;
  /** `http://127.0.0.1:8002`. */
  readonly metricsUrl: string | undefined;
  /** `127.0.0.1:8001`. */
  readonly grpcAddress: string | undefined;
  readonly repository: ModelRepository;
  /** Takes no more requests, answers those it has, and frees the models. */
  close(): Promise<void>;
}

/**
 * Loads the models and answers HTTP.
 *
 * @throws ConfigError, ModelError, MissingError; nothing is left running then
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { provider, log } = options;
  const onWarning = (text: string): void => {
    log.warn(text);
  };
  const access = await openAccess(options.access);
  const tracing = await openTracing(options.otlpEndpoint, onWarning);
  const [runtime, { createApp }] = await Promise.all([
    createWorkerPool({
      ...options.runtime,
      provider,
      workers: options.workers,
      onWarning,
    }),
    // Most of what the service loads: while the worker starts.
    import('./app.ts'),
    options.grpcPort === undefined ? undefined : import('./grpc/startGrpc.ts'),
  ]);
  // In the order they end: what takes requests first, what runs them last.
  const endings = [() => runtime.close(), () => tracing?.close() ?? Promise.resolve()];
  const close = async (): Promise<void> => {
    for (const end of endings) await end();
  };
  try {
    const states = await openStates(options.state, onWarning);
    endings.unshift(() => states.close());
    const repository = new ModelRepository();
    const keeper = new RepositoryKeeper(
      options.models,
      repository,
      {
        runtime,
        options: { ...options.modelOptions, openState: states.open },
        budget: new ModelBudget(options.repository.maxBytes),
        operators: options.repository.operators,
      },
      {
        onWarning,
        onChange: (text) => {
          log.info(text);
        },
      },
    );
    await keeper.open(options.repository.control, options.repository.wanted);
    const service: Service = {
      access,
      repository,
      store: states.store,
      runtime,
      overloaded: () => false,
      generations: new RunGate(options.workers),
      draining: false,
      log,
      tracing,
      onDefect: (text) => {
        log.error(text);
      },
    };
    endings.unshift(sweepSequences(repository, keeper), follow(keeper, options.repository));
    const metricsUrl = await listenMetrics(service, options, endings);
    const admin = await openAdmin(service, keeper, options, endings);
    const app = await createApp(service);
    access.connections?.bound(app.server);
    endings.unshift(() => closeDrained(app.server, () => app.close()));
    const grpc = await listenGrpc(service, options, endings);
    const { host, port } = options;
    await app.listen({ host, port }).catch((cause: unknown) => {
      throw listenError(cause, host, port, '--http-port');
    });
    return {
      url: urlOf(app.server),
      grpcAddress: grpc,
      metricsUrl,
      ...admin,
      repository,
      close: async () => {
        service.draining = true;
        await delay(options.drainDelayMs);
        // What has come meanwhile is read before connections are looked at.
        await setImmediate();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Forgets sequences that nobody asks for any more, and then frees the versions that only they were on. */
function sweepSequences(repository: ModelRepository, keeper: RepositoryKeeper): () => Promise<void> {
  return every(timeouts.sweepMs, async () => {
    for (const { sequences } of repository.held) sequences.sweep();
    await keeper.releaseUnused();
  });
}

/** Looks after the folder's changes if asked to. */
function follow(keeper: RepositoryKeeper, { control, pollMs }: RepositoryOptions): () => Promise<void> {
  return control === 'poll' ? every(pollMs, () => keeper.look()) : () => Promise.resolve();
}

async function listenGrpc(
  service: Service,
  { host, grpcPort }: ServerOptions,
  endings: (() => Promise<void>)[],
): Promise<string | undefined> {
  if (grpcPort === undefined) return undefined;
  const { startGrpc } = await import('./grpc/startGrpc.ts');
  const server = await startGrpc(service, host, grpcPort);
  endings.unshift(() => server.close());
  return server.address;
}

/** Before the service's own port, so that whoever finds the service finds its metrics; and until the last request is done. */
async function listenMetrics(
  service: Service,
  { metricsHost, metricsPort: port }: ServerOptions,
  endings: (() => Promise<void>)[],
): Promise<string | undefined> {
  if (port === undefined) return undefined;
  const { createMetricsServer } = await import('./metrics/metricsServer.ts');
  const server = createMetricsServer(service);
  await listenOn(server, metricsHost, port).catch((cause: unknown) => {
    throw listenError(cause, metricsHost, port, '--metrics-port');
  });
  endings.unshift(
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
