import type { RuntimeTensor, Session } from '@onda/runtime';

/**
 * A run is near if it takes at most so long, milliseconds: about what the way to a worker and back costs this thread, which the run
 * blocks instead.
 */
const NEAR_MS = 0.1;

/** A model that is larger is not held twice; its runs are no short ones either. */
const NEAR_BYTES = 1024 * 1024;

/**
 * Of each new time in the mean that decides: a run that the machine held up is longer than the others, never shorter. On a machine
 * that is busy with other things that is every other run, and then a hand-over costs more still.
 */
const SHARES = { shorter: 1 / 4, longer: 1 / 64 };

/**
 * The runs of a model that are so short that they had better be done on the calling thread: two hand-overs between threads cost several
 * times what they take. Which these are is measured, by rows and by values a row, on every run; the first ones go to a worker.
 */
export class NearRuns {
  readonly #load: () => Promise<Session>;
  readonly #onWarning: (text: string) => void;
  readonly #now: () => number;
  /** Mean milliseconds by the size of the run. */
  readonly #means: (number | undefined)[] = [];
  #session: Session | undefined;
  #loading: Promise<void> | undefined;
  #released = false;

  /**
   * @param load makes a session on this thread; called once, with the first short run
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
   * Whether runs of a model may be near at all: what a GPU or several threads compute is not short, and how long a run with whole
   * numbers takes cannot be told from its size, for they may say how often a loop is to go round (a generator's `horizon`).
   */
  static may(
    model: Uint8Array,
    { provider, inputs }: Pick<Session, 'provider' | 'inputs'>,
    threads = 1,
  ): boolean {
    return (
      provider === 'cpu' &&
      threads === 1 &&
      model.byteLength <= NEAR_BYTES &&
      inputs.every(({ type }) => type.startsWith('float'))
    );
  }

  /** Does the run here if runs of its size are known to be short. */
  maybeRun(
    feeds: Record<string, RuntimeTensor>,
    fetches: readonly string[] | undefined,
  ): Promise<Record<string, RuntimeTensor>> | undefined {
    if (this.#session === undefined) return undefined;
    const size = sizeOf(feeds);
    if ((this.#means[size] ?? Infinity) > NEAR_MS) return undefined;
    return this.#run(this.#session, size, feeds, fetches);
  }

  /** Notes how long a run took on a worker. */
  ran(feeds: Record<string, RuntimeTensor>, milliseconds: number): void {
    this.#note(sizeOf(feeds), milliseconds);
    if (milliseconds <= NEAR_MS && !this.#released) this.#loading ??= this.#open();
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
      this.#onWarning(`a model was not loaded for short runs, which go to the workers instead: ${reason}`);
    }
  }

  async #run(
    session: Session,
    size: number,
    feeds: Record<string, RuntimeTensor>,
    fetches: readonly string[] | undefined,
  ): Promise<Record<string, RuntimeTensor>> {
    // onnxruntime-node begins by `setImmediate`: this one comes right before it, and what came between does not count.
    let started = Infinity;
    setImmediate(() => (started = this.#now()));
    const results = await session.run(feeds, fetches);
    this.#note(size, Math.max(0, this.#now() - started));
    return results;
  }

  #note(size: number, milliseconds: number): void {
    const mean = this.#means[size];
    // Little over the limit at most, so that a few short ones bring it back.
    const time = Math.min(milliseconds, 4 * NEAR_MS);
    const share = mean !== undefined && time > mean ? SHARES.longer : SHARES.shorter;
    this.#means[size] = mean === undefined ? time : mean + share * (time - mean);
  }
}

/** Runs of like rows, and of like values a row, take like times: within a factor of two each. */
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
