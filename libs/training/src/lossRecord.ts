import type { Scalar } from '@tensorflow/tfjs-core';
import { dispose, getBackend, stack } from '@tensorflow/tfjs-core';
import { ResultError } from '@onda/contract';

/** Backends whose tensors are in host memory: reading one is cheap. */
const hostBackends: ReadonlySet<string> = new Set(['cpu', 'tensorflow', 'wasm']);

/** Losses that must all be out of proportion: a single peak is not a divergence. */
const recentSteps = 20;
/** Growth over the first loss that no training recovers from; of a first loss below 1, which scaled data may have by chance, over 1. */
const mostGrowth = 100;

/**
 * The loss of every step. Tensors are read lazily and together: on a GPU each read waits for all pending work.
 */
export class LossRecord {
  private readonly known: number[];
  private readonly describe: (step: number) => string | undefined;
  private pending: Scalar[] = [];

  /**
   * @param known    losses of earlier steps
   * @param describe describes the batch of a step, for errors
   */
  constructor(
    known: Iterable<number> = [],
    describe: (step: number) => string | undefined = () => undefined,
  ) {
    this.known = [...known];
    this.describe = describe;
  }

  /** Adds the loss of the next step and takes ownership of the tensor. */
  push(loss: Scalar): void {
    this.pending.push(loss);
  }

  /**
   * The losses of all steps so far.
   *
   * @throws ResultError naming the first step whose loss is not a finite number, or after which the loss stays out of proportion
   */
  read(): readonly number[] {
    if (this.pending.length === 0) return this.known;
    const first = this.known.length;
    this.known.push(...readScalars(this.pending));
    this.dispose();
    for (let step = first; step < this.known.length; step++) {
      if (!Number.isFinite(this.known[step])) {
        throw this.divergence(step, `expected a finite loss, got ${this.known[step]}`);
      }
    }
    if (this.known.length > recentSteps) this.checkGrowth();
    return this.known;
  }

  /**
   * Checks the losses of a completed training.
   *
   * @param after loss of the last batch with the resulting weights
   * @throws ResultError if it is not finite or out of proportion
   */
  finish(after: number): void {
    const count = this.read().length;
    const step = count - 1;
    if (after <= this.limit()) return;
    throw this.divergence(
      step,
      `expected a loss near the first one (${this.known[0].toPrecision(3)}) after the last update, got ${after.toPrecision(3)}`,
    );
  }

  /** Frees the losses that have not been read. */
  dispose(): void {
    dispose(this.pending);
    this.pending = [];
  }

  /** The loss beyond which a training has diverged: from the first one, which no update has changed. */
  private limit(): number {
    const [first] = this.known;
    return first + mostGrowth * Math.max(Math.abs(first), 1);
  }

  private checkGrowth(): void {
    const limit = this.limit();
    const least = Math.min(...this.known.slice(-recentSteps));
    if (least <= limit) return;
    const step = this.known.findIndex((loss) => loss > limit);
    throw this.divergence(
      step,
      `expected a loss near the first one (${this.known[0].toPrecision(3)}), got ${this.known[step].toPrecision(3)} and no lower than ${least.toPrecision(3)} in the last ${recentSteps} steps`,
    );
  }

  private divergence(step: number, what: string): ResultError {
    const batch = this.describe(step);
    return new ResultError(
      `training step ${step} (counted from 0)${batch === undefined ? '' : `, ${batch}`}: ${what}: the training diverged; lower training.learningRate, clip the gradients, or scale the data`,
    );
  }
}

function readScalars(scalars: Scalar[]): Iterable<number> {
  if (hostBackends.has(getBackend())) return scalars.map((scalar) => scalar.dataSync<'float32'>()[0]);
  const all = stack(scalars);
  const values = all.dataSync<'float32'>();
  all.dispose();
  return values;
}
