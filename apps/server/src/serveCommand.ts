import { ConfigError } from '@onda/contract';
import { isLoopback } from './access/isLoopback.ts';
import type { ServeOptions } from './config/serveOptions.ts';
import { createLog } from './log/createLog.ts';
import type { Log } from './log/createLog.ts';
import { limits } from './limits.ts';
import { startServer } from './startServer.ts';
import type { RunningServer } from './startServer.ts';

/** Runs the service until SIGTERM or SIGINT; people read stderr, and with `--json` a program reads one line of stdout. */
export async function serve(options: ServeOptions): Promise<void> {
  checkTogether(options);
  const log = createLog({ format: options.logFormat, level: options.logLevel });
  const server = await startServer({
    models: options.models,
    host: options.host,
    port: options.httpPort,
    metricsPort: options.metricsPort,
    metricsHost: options.metricsHost,
    adminPort: options.adminPort,
    adminGrpcPort: options.adminGrpcPort,
    adminTokens: options.adminTokens,
    access: {
      host: options.host,
      tokens: options.tokens,
      rate: options.clientRate,
      concurrent: options.clientConcurrent,
      connections: options.clientConnections,
      corsOrigins: options.corsOrigins,
    },
    provider: options.provider,
    state: options.state,
    workers: options.workers,
    grpcPort: options.grpcPort,
    modelOptions: {
      batching: {
        maxRows: options.maxBatch,
        workers: options.workers,
        maxValues: limits.joinedValues,
        delayUs: options.batchDelayUs,
        maxWaiting: options.maxQueue,
      },
      sequences: {
        most: options.maxSequences,
        idleMs: options.sequenceIdleS * 1000,
        ageMs: options.sequenceAgeS * 1000,
        mostOfClient: options.clientSequences,
      },
    },
    runtime: { deviceId: options.deviceId, threads: options.threads },
    repository: {
      control: options.modelControl,
      pollMs: options.pollIntervalS * 1000,
      wanted: options.loadModel,
      maxBytes: options.maxModelBytes,
      operators: options.allowOperators,
    },
    log,
    otlpEndpoint: options.otlpEndpoint,
    drainDelayMs: options.drainDelayMs,
  });
  // Before anybody is told that it runs.
  const stopped = stopSignal();
  const models = server.repository.served.map(({ name, version, session }) => ({
    name,
    version,
    provider: session.provider,
  }));
  const places = {
    http: server.url,
    grpc: server.grpcAddress,
    metrics: server.metricsUrl,
    admin: server.adminUrl,
    adminGrpc: server.adminGrpcAddress,
  };
  if (options.json) process.stdout.write(`${JSON.stringify({ ready: true, ...places, models })}\n`);
  if (options.logFormat === 'json') log.info({ ...places, models }, 'Onda serves');
  else greet(log, places, models);
  if (!isLoopback(options.host) && options.tokens === undefined) {
    log.warn(
      `  ${options.host} is open to other machines, and the service asks nobody who they are; --tokens makes it ask`,
    );
  }
  await stopped;
  await stop(server, options, log);
}

/** @throws ConfigError for an option that does nothing without another */
function checkTogether(options: ServeOptions): void {
  const { clientSequences, tokens, adminTokens, adminPort, adminGrpcPort, loadModel, modelControl } = options;
  if (clientSequences !== undefined && tokens === undefined) {
    throw new ConfigError(
      '--client-sequences: expected --tokens beside it, since clients have sequences of their own by their tokens alone, got none; give both or neither',
    );
  }
  if (adminTokens !== undefined && adminPort === undefined && adminGrpcPort === undefined) {
    throw new ConfigError(
      '--admin-tokens: expected --admin-port or --admin-grpc-port beside it, got none; give one of them, or no tokens',
    );
  }
  if (loadModel.length > 0 && modelControl !== 'explicit') {
    throw new ConfigError(
      `--load-model: expected --model-control explicit beside it, got ${modelControl}, which loads all models; give both or neither`,
    );
  }
}

/** What a person who started it reads. */
function greet(
  log: Log,
  {
    http,
    ...others
  }: Record<'grpc' | 'metrics' | 'admin' | 'adminGrpc', string | undefined> & { http: string },
  models: readonly { name: string; version: string; provider: string }[],
): void {
  log.info(`Onda serves ${models.length === 1 ? '1 model' : `${models.length} models`} at ${http}/`);
  for (const { name, version, provider } of models) {
    log.info(`  ${name} version ${version} (${provider})  ${http}/v2/models/${name}`);
  }
  if (others.grpc !== undefined) log.info(`  gRPC  ${others.grpc}`);
  if (others.metrics !== undefined) log.info(`  metrics  ${others.metrics}/metrics`);
  if (others.admin !== undefined) log.info(`  admin  ${others.admin}/v2/repository/index`);
  if (others.adminGrpc !== undefined) log.info(`  admin gRPC  ${others.adminGrpc}`);
  log.info('Stop it with Ctrl+C.');
}

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once, as it does without a handler. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => {
      process.off('SIGTERM', stop);
      process.off('SIGINT', stop);
      resolve();
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
  });
}

async function stop(
  server: RunningServer,
  { drainS, drainDelayMs }: Pick<ServeOptions, 'drainS' | 'drainDelayMs'>,
  log: Log,
): Promise<void> {
  log.info('Onda stops: it answers what it has and takes no more.');
  const deadline = setTimeout(
    () => {
      log.error(`requests are still open after ${drainS} seconds; they are cut off`);
      process.exit(1);
    },
    drainDelayMs + drainS * 1000,
  );
  await server.close();
  clearTimeout(deadline);
}
