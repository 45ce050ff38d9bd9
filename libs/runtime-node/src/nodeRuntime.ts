import { createRequire } from 'node:module';
import { ModelError } from '@onda/contract';
import type { Runtime, Session } from '@onda/runtime';
import type { OrtOptions } from './ortSession.ts';
import { createOrtSession } from './ortSession.ts';
import type { CudaPlace, Provider, ProviderChoice } from './provider.ts';
import { providersToTry, unusableCudaError, unusableCudaWarning } from './provider.ts';

export interface NodeRuntimeOptions extends OrtOptions {
  provider: ProviderChoice;
  /** Called once, with one sentence, when `auto` finds the CUDA library but falls back to the CPU. */
  onWarning?: (text: string) => void;
}

/**
 * Runs models with onnxruntime-node on the calling thread, which each run blocks: for commands and tests. Services use
 * `createWorkerRuntime`.
 *
 * @throws MissingError if CUDA is requested and unavailable, naming what is missing and the command that installs it
 */
export function createNodeRuntime(
  options: NodeRuntimeOptions,
  create: typeof createOrtSession = createOrtSession,
  place?: CudaPlace,
): Promise<Runtime> {
  disableTelemetry();
  // A promise for a uniform interface: the other runtimes are asynchronous.
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
      // If the CPU cannot load the file either, its error is thrown.
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

/**
 * Disables ONNX Runtime's telemetry: since 1.30 its builds for Linux report loaded models and runs to Microsoft and store a machine id
 * in the user's cache unless this variable is set. Set it to 0 to enable telemetry.
 *
 * Must be called on the main thread before the first session: in a worker, `process.env` is a copy that ONNX Runtime does not see.
 */
export function disableTelemetry(): void {
  process.env['ORT_DISABLE_TELEMETRY'] ??= '1';
}
