import { Worker } from 'node:worker_threads';
import { checkFeeds, checkFetches, checkModelBytes, releasedError } from '@onda/runtime';
import type { Runtime, RuntimeTensor, Session, TensorInfo } from '@onda/runtime';
import { runtimeName } from './nodeRuntime.ts';
import { providersToTry } from './provider.ts';
import { silenceTelemetry } from './silenceTelemetry.ts';
import { WorkerLink } from './workerLink.ts';
import type { SessionInfo, WorkerSettings } from './workerMessages.ts';

export interface WorkerRuntimeOptions extends WorkerSettings {
  /** Called with one sentence when `auto` falls back to the CPU, and when the worker ended and was started again. */
  onWarning?: (text: string) => void;
}

/** Is told how long each run took, without the way to the worker. */
export type OnRan = (feeds: Record<string, RuntimeTensor>, milliseconds: number) => void;

/** A runtime whose runs do not block the calling thread. */
export interface WorkerRuntime extends Runtime {
  createSession(model: Uint8Array, onRan?: OnRan): Promise<Session>;
  /** False once the worker ended and could not be started again. */
  readonly alive: boolean;
  /** Runs that were asked for and are not answered. */
  readonly pending: number;
  /** Milliseconds since the worker was last heard of while runs were pending; 0 when it has nothing to do. */
  readonly stalledMs: number;
  /** Ends the worker; what is still pending is rejected. */
  close(): Promise<void>;
}

/**
 * Runs models in a worker thread, since onnxruntime-node's `run` blocks the thread that calls it.
 *
 * A worker that ends rejects what it had not answered with a WorkerError and is started again with the same sessions.
 *
 * @throws MissingError if CUDA is asked for and its library is not there; WorkerError if the worker does not start
 */
export async function createWorkerRuntime(
  options: WorkerRuntimeOptions,
  startWorker: (settings: WorkerSettings) => Worker = startSessionWorker,
): Promise<WorkerRuntime> {
  silenceTelemetry();
  const { onWarning, ...rest } = options;
  // Here, so that what is missing is said as such, and not as a worker that does not start.
  const [first] = providersToTry(options.provider, onWarning);
  const settings: WorkerSettings = first === 'cpu' ? { ...rest, provider: 'cpu' } : rest;
  const link = new WorkerLink(() => startWorker(settings), onWarning);
  await link.ready;
  return new ThreadRuntime(link);
}

export function startSessionWorker(settings: WorkerSettings): Worker {
  // Without the parent's flags: the entry brings the loader itself.
  return new Worker(new URL('./sessionWorkerStart.mjs', import.meta.url), {
    workerData: settings,
    execArgv: [],
  });
}

class ThreadRuntime implements WorkerRuntime {
  readonly name = `${runtimeName()} in a worker thread`;
  readonly #link: WorkerLink;

  constructor(link: WorkerLink) {
    this.#link = link;
  }

  get alive(): boolean {
    return this.#link.alive;
  }

  get pending(): number {
    return this.#link.pending;
  }

  get stalledMs(): number {
    return this.#link.stalledMs;
  }

  async createSession(model: Uint8Array, onRan?: OnRan): Promise<Session> {
    checkModelBytes(model);
    const { session, info } = await this.#link.create(model);
    return new ThreadSession(this.#link, session, info, onRan);
  }

  close(): Promise<void> {
    return this.#link.close();
  }
}

class ThreadSession implements Session {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly provider: string;
  readonly #link: WorkerLink;
  readonly #session: number;
  readonly #onRan: OnRan | undefined;
  #released = false;

  constructor(link: WorkerLink, session: number, info: SessionInfo, onRan: OnRan | undefined) {
    this.#link = link;
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
    // Here as well as in the worker: a bad call is answered without a hop.
    checkFeeds(this.inputs, feeds);
    if (fetches) checkFetches(this.outputs, fetches);
    const { tensors, milliseconds } = await this.#link.run(this.#session, feeds, fetches);
    this.#onRan?.(feeds, milliseconds);
    return tensors;
  }

  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    await this.#link.release(this.#session);
  }
}
