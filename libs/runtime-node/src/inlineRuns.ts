import type { RuntimeTensor, Session, TensorInfo } from '@onda/runtime';

/**
 * Maximum duration of an inline run in milliseconds: about what posting to a worker and back costs the calling thread, which the run
 * blocks instead.
 */
const INLINE_MS = 0.1;

/** Maximum size of a model with inline runs: larger ones are not loaded twice, and their runs are not short. */
const INLINE_BYTES = 1024 * 1024;

/** Maximum duration of a model's load in a worker, which is repeated on the calling thread, milliseconds. */
const INLINE_LOAD_MS = 50;

/** Maximum number of size classes; runs of further ones go to a worker. */
const MOST_SIZES = 4096;

/** Maximum number of dims that determine the size class: five bits each. */
const MOST_DIMS = 10;

/**
 * Weights of a new duration in the moving average. Longer durations count less: they are often caused by other load on the machine,
 * under which posting to a worker is slower as well.
 */
const SHARES = { shorter: 1 / 4, longer: 1 / 64 };

/**
 * Executes short runs of a model on the calling thread, because posting to a worker and back takes several times as long. The duration
 * is measured on every run, per size class: each symbolic dim within a factor of two. The first runs of a class go to a worker.
 */
export class InlineRuns {
  readonly #load: () => Promise<Session>;
  readonly #onWarning: (text: string) => void;
  readonly #onRelease: () => void;
  readonly #now: () => number;
  /** Symbolic dims of the inputs, one of each name. */
  readonly #dims: readonly { readonly input: string; readonly axis: number }[];
  /** Moving average of the duration in milliseconds, by size class. */
  readonly #means = new Map<number, number>();
  #session: Session | undefined;
  #loading: Promise<void> | undefined;
  #released = false;

  /**
   * @param inputs of the model
   * @param load   creates a session on this thread; called once, after the first short run
   * @param now    a clock in milliseconds
   */
  constructor(
    inputs: readonly TensorInfo[],
    load: () => Promise<Session>,
    onWarning: (text: string) => void,
    onRelease: () => void = () => undefined,
    now: () => number = () => performance.now(),
  ) {
    this.#dims = symbolicDims(inputs);
    this.#load = load;
    this.#onRelease = onRelease;
    this.#onWarning = onWarning;
    this.#now = now;
  }

  /**
   * Whether a model may have inline runs, if the duration of its runs depends only on dims. Excluded are GPUs and several threads, models
   * whose load is not short, and integer inputs, which may be loop counts (`samples` of a generator).
   */
  static supports(
    model: Uint8Array,
    { provider, inputs, loadMs }: Pick<Session, 'provider' | 'inputs'> & { loadMs: number },
    threads = 1,
  ): boolean {
    return (
      provider === 'cpu' &&
      threads === 1 &&
      model.byteLength <= INLINE_BYTES &&
      loadMs <= INLINE_LOAD_MS &&
      inputs.every(({ type }) => type.startsWith('float')) &&
      symbolicDims(inputs).length <= MOST_DIMS
    );
  }

  /** Executes the run here if runs of its size are short; else returns undefined. */
  maybeRun(
    feeds: Record<string, RuntimeTensor>,
    fetches: readonly string[] | undefined,
  ): Promise<Record<string, RuntimeTensor>> | undefined {
    if (this.#session === undefined) return undefined;
    const size = this.#sizeOf(feeds);
    if ((this.#means.get(size) ?? Infinity) > INLINE_MS) return undefined;
    return this.#run(this.#session, size, feeds, fetches);
  }

  /** Records the duration of a run on a worker. */
  record(feeds: Record<string, RuntimeTensor>, milliseconds: number): void {
    this.#average(this.#sizeOf(feeds), milliseconds);
    if (milliseconds <= INLINE_MS && !this.#released) this.#loading ??= this.#open();
  }

  async release(): Promise<void> {
    this.#released = true;
    await this.#loading;
    const session = this.#session;
    this.#session = undefined;
    await session?.release();
    this.#onRelease();
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
    const mean = this.#means.get(size);
    if (mean === undefined && this.#means.size >= MOST_SIZES) return;
    // Capped, so that a few short runs bring the average back below the limit.
    const time = Math.min(milliseconds, 4 * INLINE_MS);
    const share = mean !== undefined && time > mean ? SHARES.longer : SHARES.shorter;
    this.#means.set(size, mean === undefined ? time : mean + share * (time - mean));
  }

  /** The size class of a run. */
  #sizeOf(feeds: Record<string, RuntimeTensor>): number {
    let size = 0;
    for (const { input, axis } of this.#dims) {
      // An input that is missing is reported by the session.
      const tensor = feeds[input] as RuntimeTensor | undefined;
      size = size * 32 + (32 - Math.clz32(Math.max(0, (tensor?.dims[axis] ?? 1) - 1)));
    }
    return size;
  }
}

function symbolicDims(inputs: readonly TensorInfo[]): { input: string; axis: number }[] {
  const names = new Set<string>();
  const dims: { input: string; axis: number }[] = [];
  for (const { name: input, shape } of inputs) {
    for (const [axis, dim] of shape.entries()) {
      if (typeof dim === 'number' || names.has(dim)) continue;
      // An unnamed dim is independent of the others.
      if (dim !== '') names.add(dim);
      dims.push({ input, axis });
    }
  }
  return dims;
}
