import { ConfigError } from '@onda/contract';
import { isLoopback } from '../access/origins.ts';
import { timeouts } from '../limits.ts';
import type { RunningServer } from '../startServer.ts';
import { startServer } from '../startServer.ts';
import type { Log } from '../telemetry/log.ts';
import { createLog } from '../telemetry/log.ts';
import type { ServeOptions } from './serveOptions.ts';

/** Runs the service until SIGTERM or SIGINT. Logs to stderr; `--json` prints one line to stdout. */
export async function serve(options: ServeOptions): Promise<void> {
  const { loadModel, modelControl, host, tokens } = options;
  if (loadModel.length > 0 && modelControl !== 'explicit') {
    throw new ConfigError(
      `--load-model: expected --model-control explicit, got ${modelControl}, which loads all models; use both or neither`,
    );
  }
  const log = createLog({ format: options.logFormat, level: options.logLevel });
  const server = await startServer(options, log);
  // Before the ready message: a signal may follow it at once.
  const stopped = stopSignal();
  reportReady(server, options, log);
  if (!isLoopback(host) && tokens === undefined) {
    log.warn(`  ${host} accepts connections from other machines without authentication; use --tokens`);
  }
  await stopped;
  await stop(server, options, log);
}

function reportReady(server: RunningServer, { json, logFormat }: ServeOptions, log: Log): void {
  const models = server.repository.served.map(({ name, version, session }) => ({
    name,
    version,
    provider: session.provider,
  }));
  const addresses = {
    http: server.url,
    grpc: server.grpcAddress,
    metrics: server.metricsUrl,
    admin: server.adminUrl,
    adminGrpc: server.adminGrpcAddress,
  };
  if (json) process.stdout.write(`${JSON.stringify({ ready: true, ...addresses, models })}\n`);
  if (logFormat === 'json') {
    log.info({ ...addresses, models }, 'Onda is ready');
    return;
  }
  const { http, grpc, metrics, admin, adminGrpc } = addresses;
  log.info(`Onda serves ${models.length === 1 ? '1 model' : `${models.length} models`} at ${http}/`);
  for (const { name, version, provider } of models) {
    log.info(`  ${name} version ${version} (${provider})  ${http}/v2/models/${name}`);
  }
  if (grpc !== undefined) log.info(`  gRPC  ${grpc}`);
  if (metrics !== undefined) log.info(`  metrics  ${metrics}/metrics`);
  if (admin !== undefined) log.info(`  admin  ${admin}/v2/repository/index`);
  if (adminGrpc !== undefined) log.info(`  admin gRPC  ${adminGrpc}`);
  log.info('Press Ctrl+C to stop.');
}

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. */
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

async function stop(server: RunningServer, { drainDelayMs }: ServeOptions, log: Log): Promise<void> {
  log.info('Shutting down: draining in-flight requests.');
  const deadline = setTimeout(() => {
    log.error(
      `requests are still in progress ${timeouts.drainMs / 1000} s after the shutdown began; they are aborted`,
    );
    process.exit(1);
  }, drainDelayMs + timeouts.drainMs);
  await server.close();
  clearTimeout(deadline);
}
