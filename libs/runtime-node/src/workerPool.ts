import type { SessionOptions } from '@onda/runtime';
import { InlineRuns } from './inlineRuns.ts';
import { createOrtSession } from './ortSession.ts';
import { PoolSession } from './poolSession.ts';
import { providersToTry } from './provider.ts';
import { SeparateWorkers } from './separateWorkers.ts';
import { startSessionProcess } from './sessionProcess.ts';
import { createWorkerRuntime } from './workerRuntime.ts';
import type { WorkerRuntime, WorkerRuntimeOptions } from './workerRuntime.ts';

export interface WorkerPoolOptions extends WorkerRuntimeOptions {
  /** Number of threads; each has a session of every model. */
  workers: number;
}

/** A model whose load takes longer is not loaded a second time on a shared worker, which it would delay, milliseconds. */
const SHARED_LOAD_MS = 250;

/** A model whose first runs take longer gets separate processes, milliseconds. */
const SHARED_RUN_MS = 50;

/**
 * Several workers as one runtime. A run goes to the worker with the fewest pending runs; very short runs stay on the calling thread
 * (`InlineRuns`).
 *
 * More than one worker pays off for long runs only, and each worker loads every model.
 *
 * The workers are threads, which models with short runs share. A model with long runs, or whose runs may not end, has processes of its
 * own, so that it does not delay the others; a process can be ended during a run, unlike a thread in native code. With CUDA, where each
 * process has a CUDA context of its own, only `isolation: 'always'` does so.
 *
 * @throws as `createWorkerRuntime`; all workers are closed then
 */
export async function createWorkerPool(
  { workers, ...options }: WorkerPoolOptions,
  createOne: (options: WorkerRuntimeOptions) => Promise<WorkerRuntime> = createWorkerRuntime,
  createProcess: (options: WorkerRuntimeOptions) => Promise<WorkerRuntime> = (own) =>
    createWorkerRuntime(own, startSessionProcess),
): Promise<WorkerRuntime> {
  const started = await Promise.allSettled(Array.from({ length: workers }, () => createOne(options)));
  const runtimes = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  for (const one of started) {
    if (one.status === 'fulfilled') continue;
    await Promise.all(runtimes.map((runtime) => runtime.close()));
    throw one.reason;
  }
  return new PoolRuntime(runtimes, new SeparateWorkers(() => createProcess(options)), options);
}

class PoolRuntime implements WorkerRuntime {
  readonly name: string;
  readonly #shared: readonly WorkerRuntime[];
  readonly #separate: SeparateWorkers;
  readonly #options: WorkerRuntimeOptions;
  readonly #isCuda: boolean;
  /** Inline runs of all open sessions. */
  readonly #inline = new Set<InlineRuns>();

  constructor(shared: readonly WorkerRuntime[], separate: SeparateWorkers, options: WorkerRuntimeOptions) {
    this.#shared = shared;
    this.#separate = separate;
    this.#options = options;
    this.#isCuda = providersToTry(options.provider)[0] === 'cuda';
    const [{ name }] = shared;
    this.name = shared.length === 1 ? name : `${name}, ${shared.length} of them`;
  }

  /** True while at least one shared worker is alive, and the processes of all models. */
  get alive(): boolean {
    return this.#shared.some(({ alive }) => alive) && this.#separate.alive;
  }

  get pending(): number {
    return [...this.#shared, ...this.#separate.all].reduce((sum, { pending }) => sum + pending, 0);
  }

  /** Of the shared workers: a long run in a separate process delays no other model. */
  get stalledMs(): number {
    return Math.max(...this.#shared.map(({ stalledMs }) => stalledMs));
  }

  async createSession(
    model: Uint8Array,
    { isolation = 'none', predictable = false, runMs }: SessionOptions = {},
  ): Promise<PoolSession> {
    const session = new PoolSession(model, runMs, {
      onSlow: (slow) => void this.#isolate(slow),
      mayMove: (runtime) => !this.#isCuda && this.#shared.includes(runtime),
      onAdmit: (admitted) => this.#admit(admitted, isolation),
      onLeave: async (runtimes) => {
        for (const runtime of runtimes)
          if (!this.#shared.includes(runtime)) await this.#separate.leave(runtime);
      },
    });
    const isTrial = isolation === 'always' || (isolation === 'trial' && !this.#isCuda);
    await session.load(isTrial ? [await this.#separate.enter()] : this.#shared);
    session.copies = this.#shared.length;
    if (predictable && InlineRuns.supports(model, session, this.#options.threads)) {
      const inline = new InlineRuns(
        session.inputs,
        () => createOrtSession(model, 'cpu', this.#options),
        (text) => this.#options.onWarning?.(text),
        () => this.#inline.delete(inline),
      );
      this.#inline.add(inline);
      session.runInline(inline);
    }
    return session;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#inline].map((inline) => inline.release()));
    await Promise.all([this.#separate.close(), ...this.#shared.map((runtime) => runtime.close())]);
  }

  async #admit(session: PoolSession, isolation: SessionOptions['isolation']): Promise<void> {
    const isSlow = session.trialRunMs > SHARED_RUN_MS;
    const [runtime] = session.runtimes;
    if (this.#shared.includes(runtime)) {
      if (isSlow) await this.#isolate(session);
    } else if (isolation === 'always' || isSlow || session.loadMs > SHARED_LOAD_MS) {
      await session.add(await this.#separate.keep(runtime, this.#shared.length - 1));
    } else {
      await session.move(() => Promise.resolve(this.#shared));
    }
  }

  /** Moves a session from the shared workers to separate ones. */
  async #isolate(session: PoolSession): Promise<void> {
    if (this.#isCuda || session.isMoving || !this.#shared.includes(session.runtimes[0])) return;
    try {
      await session.move(async () => {
        const runtime = await this.#separate.enter();
        return [runtime, ...(await this.#separate.keep(runtime, this.#shared.length - 1))];
      });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.onWarning?.(`a model with long runs stays on the shared workers: ${reason}`);
    }
  }
}
