import { Worker } from 'node:worker_threads';
import type { Runtime, RuntimeTensor, Session, SessionOptions, TensorInfo } from '@onda/runtime';
import { checkFeeds, checkFetches, checkModelBytes, releasedError } from '@onda/runtime';
import { runtimeName, disableTelemetry } from './nodeRuntime.ts';
import { providersToTry } from './provider.ts';
import { WorkerClient } from './workerClient.ts';
import type { SessionInfo, WorkerHost, WorkerLimits, WorkerSettings } from './workerMessages.ts';

export interface WorkerRuntimeOptions extends WorkerSettings {
  /** Called with one sentence when `auto` falls back to the CPU, and when the worker was restarted. */
  onWarning?: (text: string) => void;
  /** Time limits of loads and runs; default 120 s and 30 s. */
  limits?: Partial<WorkerLimits>;
}

/** Reports of a session. */
export interface SessionEvents {
  /** Receives the duration of each run, without the time for messages. */
  onRan?: (feeds: Record<string, RuntimeTensor>, milliseconds: number) => void;
  /** Called when a run is so slow that the other sessions were moved to another worker. */
  onSlow?: () => void;
}

export interface WorkerSession extends Session {
  /** Duration of the load, milliseconds. */
  readonly loadMs: number;
}

/** A runtime that does not block the calling thread. */
export interface WorkerRuntime extends Runtime {
  createSession(model: Uint8Array, options?: SessionOptions, events?: SessionEvents): Promise<WorkerSession>;
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
 * Runs models in a worker, because onnxruntime-node's `run` blocks the calling thread.
 *
 * If the worker ends, pending runs are rejected with a WorkerError and the worker is restarted with the same sessions. A load or run
 * that exceeds its time limit is rejected with a RunTimeoutError, and the worker is restarted too; only a process
 * (`startSessionProcess`) can be ended during a run.
 *
 * @throws MissingError if CUDA is requested and its library is missing; WorkerError if the worker does not start
 */
export async function createWorkerRuntime(
  options: WorkerRuntimeOptions,
  startWorker: (settings: WorkerSettings) => WorkerHost = startSessionWorker,
): Promise<WorkerRuntime> {
  disableTelemetry();
  const { onWarning, limits, ...rest } = options;
  // Checked here too, for a MissingError instead of a worker that does not start.
  const [first] = providersToTry(options.provider, onWarning);
  const settings: WorkerSettings = first === 'cpu' ? { ...rest, provider: 'cpu' } : rest;
  const client = new WorkerClient(() => startWorker(settings), { onWarning, ...(limits && { limits }) });
  await client.ready;
  return new ClientRuntime(client);
}

export function startSessionWorker(settings: WorkerSettings): Worker {
  // Without the flags of the parent: the entry file registers the TypeScript loader.
  return new Worker(new URL('./sessionWorkerStart.mjs', import.meta.url), {
    workerData: settings,
    execArgv: [],
  });
}

class ClientRuntime implements WorkerRuntime {
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

  async createSession(
    model: Uint8Array,
    { runMs }: SessionOptions = {},
    { onRan, onSlow }: SessionEvents = {},
  ): Promise<WorkerSession> {
    checkModelBytes(model);
    const { session, info, milliseconds } = await this.#client.create(model, { runMs, onSlow });
    return new ClientSession(this.#client, session, { ...info, loadMs: milliseconds }, onRan);
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

class ClientSession implements WorkerSession {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly provider: string;
  readonly loadMs: number;
  readonly #client: WorkerClient;
  readonly #session: number;
  readonly #onRan: SessionEvents['onRan'];
  #released = false;

  constructor(
    client: WorkerClient,
    session: number,
    info: SessionInfo & { loadMs: number },
    onRan: SessionEvents['onRan'],
  ) {
    this.#client = client;
    this.#session = session;
    this.#onRan = onRan;
    this.inputs = info.inputs;
    this.outputs = info.outputs;
    this.provider = info.provider;
    this.loadMs = info.loadMs;
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
