import type { RuntimeTensor, TensorInfo } from '@onda/runtime';
import type { InlineRuns } from './inlineRuns.ts';
import type { SessionEvents, WorkerRuntime, WorkerSession } from './workerRuntime.ts';

interface Member {
  readonly session: WorkerSession;
  readonly runtime: WorkerRuntime;
}

/** Decisions of the pool about a session. */
export interface PoolSessionEvents {
  /** Whether a session with slow runs may leave this worker. */
  mayMove: (runtime: WorkerRuntime) => boolean;
  /** A run occupied such a worker for seconds. */
  onSlow: (session: PoolSession) => void;
  /** The trial has ended. */
  onAdmit: (session: PoolSession) => Promise<void>;
  /** The session is not used by these workers any more. */
  onLeave: (runtimes: readonly WorkerRuntime[]) => Promise<void>;
}

/** A session on several workers of a pool, which may change. */
export class PoolSession implements WorkerSession {
  inputs: readonly TensorInfo[] = [];
  outputs: readonly TensorInfo[] = [];
  provider = '';
  copies = 0;
  /** Duration of the first load, milliseconds. */
  loadMs = 0;
  readonly #model: Uint8Array;
  readonly #runMs: number | undefined;
  readonly #events: PoolSessionEvents;
  #members: readonly Member[] = [];
  #moving: Promise<void> | undefined;
  #inline: InlineRuns | undefined;
  /** Durations of the runs on workers before `admit`, milliseconds. */
  #trialRuns: number[] | undefined = [];
  #next = 0;

  /** @param runMs time limit of a run, milliseconds; undefined: that of the runtime */
  constructor(model: Uint8Array, runMs: number | undefined, events: PoolSessionEvents) {
    this.#model = model;
    this.#runMs = runMs;
    this.#events = events;
  }

  get runtimes(): readonly WorkerRuntime[] {
    return this.#members.map(({ runtime }) => runtime);
  }

  /** Duration of the trial's longest run, milliseconds; the first one, which allocates memory, counts only if it is the only one. */
  get trialRunMs(): number {
    const runs = this.#trialRuns ?? [];
    return Math.max(0, ...(runs.length > 1 ? runs.slice(1) : runs));
  }

  /** Executes short runs on the calling thread, with another copy of the model. */
  runInline(inline: InlineRuns): void {
    this.#inline = inline;
    this.copies++;
  }

  /**
   * Loads the model in these workers.
   *
   * @throws ModelError, WorkerError; then none of them has it
   */
  async load(runtimes: readonly WorkerRuntime[]): Promise<void> {
    this.#members = await this.#openOrLeave(runtimes);
    const [{ session }] = this.#members;
    this.inputs = session.inputs;
    this.outputs = session.outputs;
    this.provider = session.provider;
    this.loadMs = Math.max(...this.#members.map((member) => member.session.loadMs));
  }

  /** Adds workers to those that run the model. */
  async add(runtimes: readonly WorkerRuntime[]): Promise<void> {
    this.#members = [...this.#members, ...(await this.#openOrLeave(runtimes))];
  }

  /** Moves the session to other workers; runs wait meanwhile. If they cannot load it, it stays where it is. */
  async move(target: () => Promise<readonly WorkerRuntime[]>): Promise<void> {
    const moving = (async (): Promise<void> => {
      const runtimes = await target();
      const members = await this.#openOrLeave(runtimes);
      const before = this.#members;
      this.#members = members;
      await this.#close(before);
    })();
    this.#moving = moving.catch(() => undefined);
    try {
      await moving;
    } finally {
      this.#moving = undefined;
    }
  }

  get isMoving(): boolean {
    return this.#moving !== undefined;
  }

  run(
    feeds: Record<string, RuntimeTensor>,
    fetches?: readonly string[],
  ): Promise<Record<string, RuntimeTensor>> {
    const inline = this.#inline?.maybeRun(feeds, fetches);
    if (inline) return inline;
    if (this.#moving) return this.#moving.then(() => this.#leastLoaded().session.run(feeds, fetches));
    return this.#leastLoaded().session.run(feeds, fetches);
  }

  async admit(): Promise<void> {
    if (this.#trialRuns === undefined) return;
    await this.#events.onAdmit(this);
    this.#trialRuns = undefined;
  }

  async release(): Promise<void> {
    await this.#moving;
    await this.#inline?.release();
    await this.#close(this.#members);
  }

  async #openOrLeave(runtimes: readonly WorkerRuntime[]): Promise<readonly Member[]> {
    try {
      return await this.#open(runtimes);
    } catch (error) {
      await this.#events.onLeave(runtimes);
      throw error;
    }
  }

  async #open(runtimes: readonly WorkerRuntime[]): Promise<readonly Member[]> {
    const opened = await Promise.allSettled(
      runtimes.map(async (runtime): Promise<Member> => {
        const onRan: SessionEvents['onRan'] = (feeds, milliseconds) => {
          this.#trialRuns?.push(milliseconds);
          this.#inline?.record(feeds, milliseconds);
        };
        const onSlow = (): void => {
          this.#events.onSlow(this);
        };
        const events = this.#events.mayMove(runtime) ? { onRan, onSlow } : { onRan };
        return { session: await runtime.createSession(this.#model, { runMs: this.#runMs }, events), runtime };
      }),
    );
    const members = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    for (const one of opened) {
      if (one.status === 'fulfilled') continue;
      await Promise.all(members.map(({ session }) => session.release()));
      throw one.reason;
    }
    return members;
  }

  async #close(members: readonly Member[]): Promise<void> {
    // A worker that ended has released its sessions.
    await Promise.allSettled(members.map(({ session }) => session.release()));
    await this.#events.onLeave(members.map(({ runtime }) => runtime));
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
