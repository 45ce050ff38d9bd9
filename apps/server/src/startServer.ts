import type { AddressInfo } from 'node:net';
import { ConfigError } from '@onda/contract';
import { createWorkerRuntime } from '@onda/runtime-node';
import type { ProviderChoice } from '@onda/runtime-node';
import type { FastifyInstance } from 'fastify';
import { createApp } from './app.ts';
import { timeouts } from './limits.ts';
import { openRepository } from './modelRepository.ts';
import type { ModelRepository } from './modelRepository.ts';
import type { Service } from './service.ts';

export interface ServerOptions {
  /** Folder of a Triton model repository. */
  models: string;
  host: string;
  /** 0: a free one. */
  port: number;
  provider: ProviderChoice;
  /** One sentence each: a model that did not load, a fall-back to the CPU, a defect with its stack. */
  onWarning: (text: string) => void;
}

export interface RunningServer {
  /** `http://127.0.0.1:8000`. */
  readonly url: string;
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
  const { provider, onWarning } = options;
  const runtime = await createWorkerRuntime({ provider, onWarning });
  try {
    const repository = await openRepository(options.models, runtime);
    for (const { name, problem } of repository.broken) onWarning(`model "${name}" did not load: ${problem}`);
    const service: Service = { repository, runtime, draining: false, onDefect: onWarning };
    const app = await createApp(service);
    const url = await listen(app, options);
    return {
      url,
      repository,
      close: async () => {
        service.draining = true;
        await drain(app);
        await runtime.close();
      },
    };
  } catch (error) {
    await runtime.close();
    throw error;
  }
}

/** Closing waits for open connections; one that is kept alive after its last answer has to be closed too. */
async function drain(app: FastifyInstance): Promise<void> {
  const idle = setInterval(() => {
    app.server.closeIdleConnections();
  }, timeouts.drainStepMs);
  await app.close();
  clearInterval(idle);
}

const listenErrors: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program uses it; choose another --http-port, or 0 for a free one',
  EACCES: 'this user may not use it; choose a --http-port from 1024',
  EADDRNOTAVAIL: 'this machine has no such address; choose another --host',
  ENOTFOUND: 'there is no such host name; choose another --host',
};

async function listen(app: FastifyInstance, { host, port }: ServerOptions): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    await app.close();
    const known = listenErrors[(cause as NodeJS.ErrnoException).code ?? ''];
    if (!known) throw cause;
    throw new ConfigError(`cannot listen on ${host} port ${port}: ${known}`, { cause });
  }
  const { address, port: bound, family } = app.server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`;
}
