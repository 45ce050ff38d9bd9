import type { Scalar } from '@tensorflow/tfjs-core';
import { dispose, getBackend, stack } from '@tensorflow/tfjs-core';
import { ResultError } from '@onda/contract';

/** Backends whose tensors lie in this process's memory: reading one costs next to nothing. */
const hostBackends: ReadonlySet<string> = new Set(['cpu', 'tensorflow', 'wasm']);

/**
 * The loss of every step. Tensors are kept until somebody looks, and then read together: on a graphics card, each reading waits for
 * everything before it.
 */
export class LossRecord {
  private readonly known: number[];
  private waiting: Scalar[] = [];

  /** @param known losses of the steps before */
  constructor(known: Iterable<number> = []) {
    this.known = [...known];
  }

  /** Takes over the loss of the next step. */
  push(loss: Scalar): void {
    this.waiting.push(loss);
  }

  /**
   * The losses of all steps so far.
   *
   * @throws ResultError naming the first step whose loss is not a finite number
   */
  read(): readonly number[] {
    if (this.waiting.length === 0) return this.known;
    const first = this.known.length;
    this.known.push(...readScalars(this.waiting));
    this.dispose();
    for (let step = first; step < this.known.length; step++) {
      if (!Number.isFinite(this.known[step])) throw divergence(step, this.known[step]);
    }
    return this.known;
  }

  /** Frees the losses that nobody has read. */
  dispose(): void {
    dispose(this.waiting);
    this.waiting = [];
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
