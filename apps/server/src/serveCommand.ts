import { isIP } from 'node:net';

import type { ServeOptions } from './config/serveOptions.ts';
import { limits } from './limits.ts';
import { startServer } from './startServer.ts';
import type { RunningServer } from './startServer.ts';

/** Runs the service until SIGTERM or SIGINT; people read stderr, and with `--json` a program reads one line of stdout. */
export async function serve(options: ServeOptions): Promise<void> {
  const say = (text: string): void => {
    process.stderr.write(`${text}\n`);
  };
  const server = await startServer({
    models: options.models,
    host: options.host,
    port: options.httpPort,
    metricsPort: options.metricsPort,
    metricsHost: options.metricsHost,
    access: {
      tokens: options.tokens,
      rate: options.clientRate,
      concurrent: options.clientConcurrent,
      corsOrigins: options.corsOrigins,
    },
    provider: options.provider,
    grpcPort: options.grpcPort,
    modelOptions: {
      batching: {
        maxRows: options.maxBatch,
        maxValues: limits.joinedValues,
        delayUs: options.batchDelayUs,
        maxWaiting: options.maxQueue,
      },
      sequences: {
        most: options.maxSequences,
        idleMs: options.sequenceIdleS * 1000,
        ageMs: options.sequenceAgeS * 1000,
      },
    },
    onWarning: say,
  });
  const { served } = server.repository;
  if (options.json) {
    const models = served.map(({ name, version, session }) => ({
      name,
      version,
      provider: session.provider,
    }));
    process.stdout.write(
      `${JSON.stringify({ ready: true, http: server.url, grpc: server.grpcAddress, metrics: server.metricsUrl, models })}\n`,
    );
  }
  say(`Onda serves ${served.length === 1 ? '1 model' : `${served.length} models`} at ${server.url}/`);
  for (const { name, version, session } of served) {
    say(`  ${name} version ${version} (${session.provider})  ${server.url}/v2/models/${name}`);
  }
  if (server.grpcAddress !== undefined) say(`  gRPC  ${server.grpcAddress}`);
  if (server.metricsUrl !== undefined) say(`  metrics  ${server.metricsUrl}/metrics`);
  if (!isLoopback(options.host) && options.tokens === undefined) {
    say(
      `  ${options.host} is open to other machines, and the service asks nobody who they are; --tokens makes it ask`,
    );
  }
  say('Stop it with Ctrl+C.');
  await stopSignal();
  await stop(server, options, say);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
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
  options: Pick<ServeOptions, 'drainS'>,
  say: (text: string) => void,
): Promise<void> {
  say('Onda stops: it answers what it has and takes no more.');
  const deadline = setTimeout(() => {
    say(`requests are still open after ${options.drainS} seconds; they are cut off`);
    process.exit(1);
  }, options.drainS * 1000);
  await server.close();
  clearTimeout(deadline);
}
