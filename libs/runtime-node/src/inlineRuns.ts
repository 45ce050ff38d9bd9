import type { RuntimeTensor, Session } from '@onda/runtime';

/**
 * Maximum duration of an inline run in milliseconds: about what posting to a worker and back costs the calling thread, which the run
 * blocks instead.
 */
const INLINE_MS = 0.1;

/** Maximum size of a model with inline runs: larger ones are not loaded twice, and their runs are not short. */
const INLINE_BYTES = 1024 * 1024;

/**
 * Weights of a new duration in the moving average. Longer durations count less: they are often caused by other load on the machine,
 * under which posting to a worker is slower as well.
 */
const SHARES = { shorter: 1 / 4, longer: 1 / 64 };

/**
 * Executes short runs of a model on the calling thread, because posting to a worker and back takes several times as long. The duration
 * is measured on every run, per number of rows and of values per row; the first runs go to a worker.
 */
export class InlineRuns {
  readonly #load: () => Promise<Session>;
  readonly #onWarning: (text: string) => void;
  readonly #now: () => number;
  /** Moving average of the duration in milliseconds, by size of the run. */
  readonly #means: (number | undefined)[] = [];
  #session: Session | undefined;
  #loading: Promise<void> | undefined;
  #released = false;

  /**
   * @param load creates a session on this thread; called once, after the first short run
   * @param now  a clock in milliseconds
   */
  constructor(
    load: () => Promise<Session>,
    onWarning: (text: string) => void,
    now: () => number = () => performance.now(),
  ) {
    this.#load = load;
    this.#onWarning = onWarning;
    this.#now = now;
  }

  /**
   * Whether a model may have inline runs. Excluded are GPUs and several threads, and models with integer inputs, which may be loop counts
   * (`samples` of a generator), so that the size of the inputs does not determine the duration.
   */
  static supports(
    model: Uint8Array,
    { provider, inputs }: Pick<Session, 'provider' | 'inputs'>,
    threads = 1,
  ): boolean {
    return (
      provider === 'cpu' &&
      threads === 1 &&
      model.byteLength <= INLINE_BYTES &&
      inputs.every(({ type }) => type.startsWith('float'))
    );
  }

  /** Executes the run here if runs of its size are short; else returns undefined. */
  maybeRun(
    feeds: Record<string, RuntimeTensor>,
    fetches: readonly string[] | undefined,
  ): Promise<Record<string, RuntimeTensor>> | undefined {
    if (this.#session === undefined) return undefined;
    const size = sizeOf(feeds);
    if ((this.#means[size] ?? Infinity) > INLINE_MS) return undefined;
    return this.#run(this.#session, size, feeds, fetches);
  }

  /** Records the duration of a run on a worker. */
  record(feeds: Record<string, RuntimeTensor>, milliseconds: number): void {
    this.#average(sizeOf(feeds), milliseconds);
    if (milliseconds <= INLINE_MS && !this.#released) this.#loading ??= this.#open();
  }

  async release(): Promise<void> {
    this.#released = true;
    await this.#loading;
    const session = this.#session;
    this.#session = undefined;
    await session?.release();
  }

  async #open(): Promise<void> {
    try {
      this.#session = await this.#load();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#onWarning(`a model was not loaded for short runs, which use the workers instead: ${reason}`);
    }
  }

  async #run(
    session: Session,
    size: number,
    feeds: Record<string, RuntimeTensor>,
    fetches: readonly string[] | undefined,
  ): Promise<Record<string, RuntimeTensor>> {
    // onnxruntime-node starts the run in setImmediate; this callback runs right before it and excludes the time in between.
    let started = Infinity;
    setImmediate(() => (started = this.#now()));
    const results = await session.run(feeds, fetches);
    this.#average(size, Math.max(0, this.#now() - started));
    return results;
  }

  #average(size: number, milliseconds: number): void {
    const mean = this.#means[size];
    // Capped, so that a few short runs bring the average back below the limit.
    const time = Math.min(milliseconds, 4 * INLINE_MS);
    const share = mean !== undefined && time > mean ? SHARES.longer : SHARES.shorter;
    this.#means[size] = mean === undefined ? time : mean + share * (time - mean);
  }
}

/** Size class of a run: the number of rows, and of values per row, each within a factor of two. */
function sizeOf(feeds: Record<string, RuntimeTensor>): number {
  let rows = 1;
  let values = 0;
  for (const name in feeds) {
    const { dims, data } = feeds[name];
    rows = dims[0] ?? 1;
    values += data.length;
  }
  return 32 * Math.ceil(Math.log2(Math.max(1, rows))) + Math.ceil(Math.log2(Math.max(1, values / rows)));
}
