import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { add, clone, dispose, keep, mul, sub, tensor, tidy } from '@tensorflow/tfjs-core';
import { ConfigError } from '@onda/contract';

/** Copies the values of weights. */
export function copyWeights(weights: readonly Tensor[]): Float32Array[] {
  return weights.map((weight) => Float32Array.from(weight.dataSync<'float32'>()));
}

/** Sets weights to copied values. */
export function assignWeights(variables: readonly Variable[], values: readonly Float32Array[]): void {
  tidy(() => {
    variables.forEach((variable, index) => {
      variable.assign(tensor(Float32Array.from(values[index]), variable.shape, 'float32'));
    });
  });
}

/**
 * The exponential moving average of weights: average += (1 - d) (weight - average) after each step, where d is the smaller of `decay`
 * and (1 + steps) / (10 + steps), so that the initial weights soon have no influence (as in tf.train.ExponentialMovingAverage).
 */
export class WeightAverage {
  private readonly variables: readonly Variable[];
  private readonly decay: number;
  private steps: number;
  private values: Tensor[];

  /**
   * @param steps completed steps
   * @param from  the average to continue; null: starts at the weights
   * @throws ConfigError for a decay that is not from 0 to below 1
   */
  constructor(
    variables: readonly Variable[],
    decay: number,
    steps: number,
    from: readonly Float32Array[] | null,
  ) {
    if (!(decay >= 0 && decay < 1)) {
      throw new ConfigError(
        `weight average: expected a decay from 0 to below 1, got ${decay}; correct the setting`,
      );
    }
    this.variables = variables;
    this.decay = decay;
    this.steps = steps;
    this.values = variables.map((variable, index) =>
      keep(
        from === null
          ? clone(variable as Tensor)
          : tensor(Float32Array.from(from[index]), variable.shape, 'float32'),
      ),
    );
  }

  /** Adds the weights after a step. */
  update(): void {
    const share = 1 - Math.min(this.decay, (1 + this.steps) / (10 + this.steps));
    this.steps++;
    const next = tidy(() =>
      this.values.map((value, index) => add(value, mul(sub(this.variables[index], value), share))),
    );
    dispose(this.values);
    this.values = next.map((value) => keep(value));
  }

  /** Assigns the average to the variables. */
  assign(): void {
    this.variables.forEach((variable, index) => {
      variable.assign(this.values[index]);
    });
  }

  /** Assigns the average to the variables; returns a function that restores their values. */
  swapIn(): () => void {
    const before = this.variables.map((variable) => keep(clone(variable as Tensor)));
    this.assign();
    return () => {
      this.variables.forEach((variable, index) => {
        variable.assign(before[index]);
      });
      dispose(before);
    };
  }

  copy(): Float32Array[] {
    return copyWeights(this.values);
  }

  dispose(): void {
    dispose(this.values);
  }
}
