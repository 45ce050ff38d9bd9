import type { WorkerRuntime } from './workerRuntime.ts';

/** How long an unused process is kept for the next trial, milliseconds. */
const IDLE_MS = 2000;

/** Maximum number of processes; further models share the last one. */
const MOST_PROCESSES = 32;

/**
 * Processes that run models which must not delay others. New sessions run their trials in one process; a session that stays takes the
 * process over, and the next trial starts another.
 */
export class SeparateWorkers {
  readonly #start: () => Promise<WorkerRuntime>;
  /** With the number of sessions that use each. */
  readonly #users = new Map<WorkerRuntime, number>();
  /** The process of trials. */
  #trial: Promise<WorkerRuntime> | undefined;
  #idle: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(start: () => Promise<WorkerRuntime>) {
    this.#start = start;
  }

  get all(): readonly WorkerRuntime[] {
    return [...this.#users.keys()];
  }

  /** Whether all processes that sessions use run, or were restarted. */
  get alive(): boolean {
    return [...this.#users].every(([runtime, users]) => users === 0 || runtime.alive);
  }

  /** The process for a session's trial; the session must `leave` it in the end. */
  async enter(): Promise<WorkerRuntime> {
    clearTimeout(this.#idle);
    // A process that could not be restarted runs nothing any more.
    if (this.#trial && !(await this.#trial).alive) this.#trial = undefined;
    this.#trial ??= this.#open();
    try {
      const runtime = await this.#trial;
      this.#users.set(runtime, (this.#users.get(runtime) ?? 0) + 1);
      return runtime;
    } catch (error) {
      this.#trial = undefined;
      throw error;
    }
  }

  /**
   * A session stays on its trial's process.
   *
   * @param more further processes that it wants
   * @returns these processes, as far as there may be so many
   */
  async keep(runtime: WorkerRuntime, more: number): Promise<readonly WorkerRuntime[]> {
    if (this.#users.size + more >= MOST_PROCESSES) return [];
    if ((await this.#trial) === runtime) this.#trial = undefined;
    const others = await Promise.all(Array.from({ length: more }, () => this.#open()));
    for (const other of others) this.#users.set(other, 1);
    return others;
  }

  async leave(runtime: WorkerRuntime): Promise<void> {
    const users = (this.#users.get(runtime) ?? 1) - 1;
    this.#users.set(runtime, users);
    if (users > 0 || this.#closed) return;
    if ((await this.#trial) !== runtime) {
      await this.#end(runtime);
      return;
    }
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      if (this.#users.get(runtime) !== 0) return;
      this.#trial = undefined;
      void this.#end(runtime);
    }, IDLE_MS);
    this.#idle.unref();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#idle);
    await this.#trial?.catch(() => undefined);
    await Promise.all(this.all.map((runtime) => this.#end(runtime)));
  }

  async #open(): Promise<WorkerRuntime> {
    const runtime = await this.#start();
    this.#users.set(runtime, 0);
    if (this.#closed) await this.#end(runtime);
    return runtime;
  }

  async #end(runtime: WorkerRuntime): Promise<void> {
    this.#users.delete(runtime);
    await runtime.close();
  }
}
