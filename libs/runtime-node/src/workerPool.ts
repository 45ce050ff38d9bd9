import type { RuntimeTensor, Session, TensorInfo } from '@onda/runtime';
import { createWorkerRuntime } from './workerRuntime.ts';
import type { WorkerRuntime, WorkerRuntimeOptions } from './workerRuntime.ts';

export interface WorkerPoolOptions extends WorkerRuntimeOptions {
  /** Threads, each with a session of every model. */
  workers: number;
}

/**
 * Several workers as one runtime: a run goes to the worker that has the fewest before it.
 *
 * It pays where runs are long against the way to a worker (about 50 microseconds): small nets are as fast with one, and each
 * worker holds every model again.
 *
 * @throws as `createWorkerRuntime`; then no worker is left running
 */
export async function createWorkerPool(
  { workers, ...options }: WorkerPoolOptions,
  createOne: (options: WorkerRuntimeOptions) => Promise<WorkerRuntime> = createWorkerRuntime,
): Promise<WorkerRuntime> {
  if (workers === 1) return createOne(options);
  const started = await Promise.allSettled(Array.from({ length: workers }, () => createOne(options)));
  const runtimes = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  for (const one of started) {
    if (one.status === 'fulfilled') continue;
    await Promise.all(runtimes.map((runtime) => runtime.close()));
    throw one.reason;
  }
  return new PoolRuntime(runtimes);
}

class PoolRuntime implements WorkerRuntime {
  readonly name: string;
  readonly #runtimes: readonly WorkerRuntime[];

  constructor(runtimes: readonly WorkerRuntime[]) {
    this.#runtimes = runtimes;
    this.name = `${runtimes[0].name}, ${runtimes.length} of them`;
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
    const sessions = await Promise.all(this.#runtimes.map((runtime) => runtime.createSession(model)));
    return new PoolSession(sessions.map((session, worker) => ({ session, runtime: this.#runtimes[worker] })));
  }

  async close(): Promise<void> {
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
  readonly #members: readonly Member[];
  #next = 0;

  constructor(members: readonly Member[]) {
    const [{ session }] = members;
    this.inputs = session.inputs;
    this.outputs = session.outputs;
    this.provider = session.provider;
    this.#members = members;
  }

  run(
    feeds: Record<string, RuntimeTensor>,
    fetches?: readonly string[],
  ): Promise<Record<string, RuntimeTensor>> {
    return this.#least().session.run(feeds, fetches);
  }

  async release(): Promise<void> {
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
