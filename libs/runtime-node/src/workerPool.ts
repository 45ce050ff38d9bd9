import type { RuntimeTensor, Session, TensorInfo } from '@onda/runtime';
import { InlineRuns } from './inlineRuns.ts';
import { createOrtSession } from './ortSession.ts';
import { createWorkerRuntime } from './workerRuntime.ts';
import type { WorkerRuntime, WorkerRuntimeOptions } from './workerRuntime.ts';

export interface WorkerPoolOptions extends WorkerRuntimeOptions {
  /** Number of threads; each has a session of every model. */
  workers: number;
}

/**
 * Several workers as one runtime. A run goes to the worker with the fewest pending runs; very short runs stay on the calling thread
 * (`InlineRuns`).
 *
 * More than one worker pays off for long runs only, and each worker loads every model.
 *
 * @throws as `createWorkerRuntime`; all workers are closed then
 */
export async function createWorkerPool(
  { workers, ...options }: WorkerPoolOptions,
  createOne: (options: WorkerRuntimeOptions) => Promise<WorkerRuntime> = createWorkerRuntime,
): Promise<WorkerRuntime> {
  const started = await Promise.allSettled(Array.from({ length: workers }, () => createOne(options)));
  const runtimes = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  for (const one of started) {
    if (one.status === 'fulfilled') continue;
    await Promise.all(runtimes.map((runtime) => runtime.close()));
    throw one.reason;
  }
  return new PoolRuntime(runtimes, options);
}

class PoolRuntime implements WorkerRuntime {
  readonly name: string;
  readonly #runtimes: readonly WorkerRuntime[];
  readonly #options: WorkerRuntimeOptions;
  /** Inline runs of all open sessions. */
  readonly #inline = new Set<InlineRuns>();

  constructor(runtimes: readonly WorkerRuntime[], options: WorkerRuntimeOptions) {
    this.#runtimes = runtimes;
    this.#options = options;
    const [{ name }] = runtimes;
    this.name = runtimes.length === 1 ? name : `${name}, ${runtimes.length} of them`;
  }

  /** True while at least one worker is alive. */
  get alive(): boolean {
    return this.#runtimes.some(({ alive }) => alive);
  }

  get pending(): number {
    return this.#runtimes.reduce((sum, { pending }) => sum + pending, 0);
  }

  get stalledMs(): number {
    return Math.max(...this.#runtimes.map(({ stalledMs }) => stalledMs));
  }

  async createSession(model: Uint8Array): Promise<Session> {
    let inline: InlineRuns | undefined;
    const sessions = await Promise.all(
      this.#runtimes.map((runtime) =>
        runtime.createSession(model, (feeds, milliseconds) => inline?.record(feeds, milliseconds)),
      ),
    );
    const options = this.#options;
    if (InlineRuns.supports(model, sessions[0], options.threads)) {
      inline = new InlineRuns(
        () => createOrtSession(model, 'cpu', options),
        (text) => options.onWarning?.(text),
      );
      this.#inline.add(inline);
    }
    const members = sessions.map((session, worker) => ({ session, runtime: this.#runtimes[worker] }));
    return new PoolSession(members, inline, async () => {
      if (inline === undefined) return;
      this.#inline.delete(inline);
      await inline.release();
    });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#inline].map((inline) => inline.release()));
    await Promise.all(this.#runtimes.map((runtime) => runtime.close()));
  }
}

interface Member {
  session: Session;
  runtime: WorkerRuntime;
}

class PoolSession implements Session {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly provider: string;
  readonly copies: number;
  readonly #members: readonly Member[];
  readonly #inline: InlineRuns | undefined;
  readonly #releaseInline: () => Promise<void>;
  #next = 0;

  constructor(
    members: readonly Member[],
    inline: InlineRuns | undefined,
    releaseInline: () => Promise<void>,
  ) {
    const [{ session }] = members;
    this.inputs = session.inputs;
    this.outputs = session.outputs;
    this.provider = session.provider;
    // The maximum: inline runs load another copy after the first short run.
    this.copies = members.length + (inline === undefined ? 0 : 1);
    this.#members = members;
    this.#inline = inline;
    this.#releaseInline = releaseInline;
  }

  run(
    feeds: Record<string, RuntimeTensor>,
    fetches?: readonly string[],
  ): Promise<Record<string, RuntimeTensor>> {
    return this.#inline?.maybeRun(feeds, fetches) ?? this.#leastLoaded().session.run(feeds, fetches);
  }

  async release(): Promise<void> {
    await this.#releaseInline();
    await Promise.all(this.#members.map(({ session }) => session.release()));
  }

  /** The worker with the fewest pending runs; ties are broken round-robin. */
  #leastLoaded(): Member {
    const { length } = this.#members;
    this.#next = (this.#next + 1) % length;
    let best = this.#members[this.#next];
    for (let offset = 1; offset < length; offset++) {
      const other = this.#members[(this.#next + offset) % length];
      const isBetter = other.runtime.pending < best.runtime.pending || !best.runtime.alive;
      if (other.runtime.alive && isBetter) best = other;
    }
    return best;
  }
}
