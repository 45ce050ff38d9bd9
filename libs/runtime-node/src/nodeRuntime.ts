import { createRequire } from 'node:module';
import { ModelError } from '@onda/contract';
import type { Runtime, Session } from '@onda/runtime';
import { createOrtSession } from './ortSession.ts';
import type { OrtOptions } from './ortSession.ts';
import { providersToTry, unusableCudaError, unusableCudaWarning } from './provider.ts';
import { silenceTelemetry } from './silenceTelemetry.ts';
import type { CudaPlace, Provider, ProviderChoice } from './provider.ts';

export interface NodeRuntimeOptions extends OrtOptions {
  provider: ProviderChoice;
  /** Called once, with one sentence, when `auto` finds CUDA's library, cannot use it and takes the CPU. */
  onWarning?: (text: string) => void;
}

/**
 * Runs models by onnxruntime-node on the calling thread, which each run blocks: for commands and tests. A service takes
 * `createWorkerRuntime`.
 *
 * @throws MissingError if CUDA is asked for and cannot be had, naming what is missing and the command that brings it
 */
export function createNodeRuntime(
  options: NodeRuntimeOptions,
  create: typeof createOrtSession = createOrtSession,
  place?: CudaPlace,
): Promise<Runtime> {
  silenceTelemetry();
  // A promise although nothing waits: the worker's runtime and the browser's do.
  return new Promise((resolve) => {
    resolve(
      new NodeRuntime(options, [...providersToTry(options.provider, options.onWarning, place)], create),
    );
  });
}

class NodeRuntime implements Runtime {
  readonly name = runtimeName();
  readonly #options: NodeRuntimeOptions;
  readonly #create: typeof createOrtSession;
  #providers: Provider[];

  constructor(options: NodeRuntimeOptions, providers: Provider[], create: typeof createOrtSession) {
    this.#options = options;
    this.#create = create;
    this.#providers = providers;
  }

  async createSession(model: Uint8Array): Promise<Session> {
    if (this.#providers[0] === 'cpu') return this.#create(model, 'cpu', this.#options);
    try {
      return await this.#create(model, 'cuda', this.#options);
    } catch (error) {
      if (error instanceof ModelError) throw error;
      // The CPU tells whether it is the file: then its error is the one to show.
      const session = await this.#create(model, 'cpu', this.#options);
      if (!this.#providers.includes('cpu')) {
        await session.release();
        throw unusableCudaError(firstLine(error), error);
      }
      this.#providers = ['cpu'];
      this.#options.onWarning?.(unusableCudaWarning(firstLine(error)));
      return session;
    }
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0].trim();
}

/** `onnxruntime-node 1.30.0`. */
export function runtimeName(): string {
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
  return `onnxruntime-node ${version}`;
}
