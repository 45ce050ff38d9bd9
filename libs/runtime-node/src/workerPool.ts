import type { RuntimeTensor, Session, TensorInfo } from '@onda/runtime';
import { NearRuns } from './nearRuns.ts';
import { createOrtSession } from './ortSession.ts';
import { createWorkerRuntime } from './workerRuntime.ts';
import type { WorkerRuntime, WorkerRuntimeOptions } from './workerRuntime.ts';

export interface WorkerPoolOptions extends WorkerRuntimeOptions {
  /** Threads, each with a session of every model. */
  workers: number;
}

/**
 * Several workers as one runtime: a run goes to the worker that has the fewest before it, and a run that is shorter than the way there
 * to none of them (`NearRuns`).
 *
 * More than one pays where runs are long: small nets are as fast with one, and each worker holds every model again.
 *
 * @throws as `createWorkerRuntime`; then no worker is left running
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
  /** Of the sessions that are not released. */
  readonly #near = new Set<NearRuns>();

  constructor(runtimes: readonly WorkerRuntime[], options: WorkerRuntimeOptions) {
    this.#runtimes = runtimes;
    this.#options = options;
    const [{ name }] = runtimes;
    this.name = runtimes.length === 1 ? name : `${name}, ${runtimes.length} of them`;
  }

  /** One that is left can take all runs. */
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
    let near: NearRuns | undefined;
    const sessions = await Promise.all(
      this.#runtimes.map((runtime) =>
        runtime.createSession(model, (feeds, milliseconds) => near?.ran(feeds, milliseconds)),
      ),
    );
    const options = this.#options;
    if (NearRuns.may(model, sessions[0], options.threads)) {
      near = new NearRuns(
        () => createOrtSession(model, 'cpu', options),
        (text) => options.onWarning?.(text),
      );
      this.#near.add(near);
    }
    const members = sessions.map((session, worker) => ({ session, runtime: this.#runtimes[worker] }));
    return new PoolSession(members, near, async () => {
      if (near === undefined) return;
      this.#near.delete(near);
      await near.release();
    });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#near].map((near) => near.release()));
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
  readonly #near: NearRuns | undefined;
  readonly #releaseNear: () => Promise<void>;
  #next = 0;

  constructor(members: readonly Member[], near: NearRuns | undefined, releaseNear: () => Promise<void>) {
    const [{ session }] = members;
    this.inputs = session.inputs;
    this.outputs = session.outputs;
    this.provider = session.provider;
    // Whether short runs come is seen later; what there is room for is asked now.
    this.copies = members.length + (near === undefined ? 0 : 1);
    this.#members = members;
    this.#near = near;
    this.#releaseNear = releaseNear;
  }

  run(
    feeds: Record<string, RuntimeTensor>,
    fetches?: readonly string[],
  ): Promise<Record<string, RuntimeTensor>> {
    return this.#near?.maybeRun(feeds, fetches) ?? this.#least().session.run(feeds, fetches);
  }

  async release(): Promise<void> {
    await this.#releaseNear();
    await Promise.all(this.#members.map(({ session }) => session.release()));
  }

  /** Of those with equally few before it each in its turn, so that none rests while all are quick. */
  #least(): Member {
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
