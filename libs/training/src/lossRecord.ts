import type { Scalar } from '@tensorflow/tfjs-core';
import { dispose, getBackend, stack } from '@tensorflow/tfjs-core';
import { ResultError } from '@onda/contract';

/** Backends whose tensors are in host memory: reading one is cheap. */
const hostBackends: ReadonlySet<string> = new Set(['cpu', 'tensorflow', 'wasm']);

/**
 * The loss of every step. Tensors are read lazily and together: on a GPU each read waits for all pending work.
 */
export class LossRecord {
  private readonly known: number[];
  private pending: Scalar[] = [];

  /** @param known losses of earlier steps */
  constructor(known: Iterable<number> = []) {
    this.known = [...known];
  }

  /** Adds the loss of the next step and takes ownership of the tensor. */
  push(loss: Scalar): void {
    this.pending.push(loss);
  }

  /**
   * The losses of all steps so far.
   *
   * @throws ResultError naming the first step whose loss is not a finite number
   */
  read(): readonly number[] {
    if (this.pending.length === 0) return this.known;
    const first = this.known.length;
    this.known.push(...readScalars(this.pending));
    this.dispose();
    for (let step = first; step < this.known.length; step++) {
      if (!Number.isFinite(this.known[step])) throw divergence(step, this.known[step]);
    }
    return this.known;
  }

  /** Frees the losses that have not been read. */
  dispose(): void {
    dispose(this.pending);
    this.pending = [];
  }
}

function readScalars(scalars: Scalar[]): Iterable<number> {
  if (hostBackends.has(getBackend())) return scalars.map((scalar) => scalar.dataSync<'float32'>()[0]);
  const all = stack(scalars);
  const values = all.dataSync<'float32'>();
  all.dispose();
  return values;
}

function divergence(step: number, loss: number): ResultError {
  return new ResultError(
    `training step ${step} (counted from 0): expected a finite loss, got ${loss}: the training diverged; lower training.learningRate, clip the gradients, or scale the data`,
  );
}
