import { Worker } from 'node:worker_threads';
import type { Runtime, RuntimeTensor, Session, TensorInfo } from '@onda/runtime';
import { checkFeeds, checkFetches, checkModelBytes, releasedError } from '@onda/runtime';
import { runtimeName, disableTelemetry } from './nodeRuntime.ts';
import { providersToTry } from './provider.ts';
import { WorkerClient } from './workerClient.ts';
import type { SessionInfo, WorkerSettings } from './workerMessages.ts';

export interface WorkerRuntimeOptions extends WorkerSettings {
  /** Called with one sentence when `auto` falls back to the CPU, and when the worker was restarted. */
  onWarning?: (text: string) => void;
}

/** Receives the duration of each run, without the time for messages. */
export type OnRan = (feeds: Record<string, RuntimeTensor>, milliseconds: number) => void;

/** A runtime that does not block the calling thread. */
export interface WorkerRuntime extends Runtime {
  createSession(model: Uint8Array, onRan?: OnRan): Promise<Session>;
  /** False if the worker ended and could not be restarted. */
  readonly alive: boolean;
  /** Number of pending runs. */
  readonly pending: number;
  /** Milliseconds since the last message of the worker while runs are pending; else 0. */
  readonly stalledMs: number;
  /** Terminates the worker and rejects pending runs. */
  close(): Promise<void>;
}

/**
 * Runs models in a worker thread, because onnxruntime-node's `run` blocks the calling thread.
 *
 * If the worker ends, pending runs are rejected with a WorkerError and the worker is restarted with the same sessions.
 *
 * @throws MissingError if CUDA is requested and its library is missing; WorkerError if the worker does not start
 */
export async function createWorkerRuntime(
  options: WorkerRuntimeOptions,
  startWorker: (settings: WorkerSettings) => Worker = startSessionWorker,
): Promise<WorkerRuntime> {
  disableTelemetry();
  const { onWarning, ...rest } = options;
  // Checked here too, for a MissingError instead of a worker that does not start.
  const [first] = providersToTry(options.provider, onWarning);
  const settings: WorkerSettings = first === 'cpu' ? { ...rest, provider: 'cpu' } : rest;
  const client = new WorkerClient(() => startWorker(settings), onWarning);
  await client.ready;
  return new ThreadRuntime(client);
}

export function startSessionWorker(settings: WorkerSettings): Worker {
  // Without the flags of the parent: the entry file registers the TypeScript loader.
  return new Worker(new URL('./sessionWorkerStart.mjs', import.meta.url), {
    workerData: settings,
    execArgv: [],
  });
}

class ThreadRuntime implements WorkerRuntime {
  readonly name = `${runtimeName()} in a worker thread`;
  readonly #client: WorkerClient;

  constructor(client: WorkerClient) {
    this.#client = client;
  }

  get alive(): boolean {
    return this.#client.alive;
  }

  get pending(): number {
    return this.#client.pending;
  }

  get stalledMs(): number {
    return this.#client.stalledMs;
  }

  async createSession(model: Uint8Array, onRan?: OnRan): Promise<Session> {
    checkModelBytes(model);
    const { session, info } = await this.#client.create(model);
    return new ThreadSession(this.#client, session, info, onRan);
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

class ThreadSession implements Session {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly provider: string;
  readonly #client: WorkerClient;
  readonly #session: number;
  readonly #onRan: OnRan | undefined;
  #released = false;

  constructor(client: WorkerClient, session: number, info: SessionInfo, onRan: OnRan | undefined) {
    this.#client = client;
    this.#session = session;
    this.#onRan = onRan;
    this.inputs = info.inputs;
    this.outputs = info.outputs;
    this.provider = info.provider;
  }

  async run(
    feeds: Record<string, RuntimeTensor>,
    fetches?: readonly string[],
  ): Promise<Record<string, RuntimeTensor>> {
    if (this.#released) throw releasedError();
    // Checked here as well as in the worker, to reject invalid calls without a message.
    checkFeeds(this.inputs, feeds);
    if (fetches) checkFetches(this.outputs, fetches);
    const { tensors, milliseconds } = await this.#client.run(this.#session, feeds, fetches);
    this.#onRan?.(feeds, milliseconds);
    return tensors;
  }

  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    await this.#client.release(this.#session);
  }
}
