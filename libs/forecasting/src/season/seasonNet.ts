import type { Scalar, Tensor, Tensor1D, Tensor2D, Tensor3D, Variable } from '@tensorflow/tfjs-core';
import {
  abs,
  add,
  dispose,
  div,
  mean,
  matMul,
  minimum,
  mul,
  reshape,
  sub,
  tanh,
  tensor,
  tensor2d,
  tensor3d,
  tidy,
  variable,
  variableGrads,
  zeros,
} from '@tensorflow/tfjs-core';
import { recurrent, recurrentAttributes } from '@onda/nets';
import type { SeasonInputs } from './seasonInputs.ts';
import { seasonInputs } from './seasonInputs.ts';
import type { SeasonSpec } from './seasonSpec.ts';
import { contextOf, decoderSeasons, initialSeasonWeights, seasonWeights } from './seasonSpec.ts';

/** A batch of training windows in transformed units. */
export interface SeasonBatch {
  /** Each [context]. */
  contexts: readonly Float64Array[];
  /** Each [horizon]. */
  targets: readonly Float64Array[];
  /** What an error is divided by, per window: the size of the seasonal differences of its history. */
  sizes: readonly number[];
}

/** The loss of a window counts at most this, so that a break in a series does not decide a step. */
const MOST_LOSS = 20;

/** Share of the median in the loss: with equal shares of nine levels the point forecasts are worse. */
const MEDIAN_SHARE = 0.5;

/** Weights of the levels, 1 on average. */
function levelShares(levels: number): number[] {
  if (levels === 1) return [1];
  return Array.from(
    { length: levels },
    (_, level) => levels * (level === levels >> 1 ? MEDIAN_SHARE : (1 - MEDIAN_SHARE) / (levels - 1)),
  );
}

const encoderAt = 0;
const startsAt = 4;
const forwardAt = 8;
const backwardAt = 12;
const readoutAt = 16;
const linearAt = 19;

/** The network of SeasonSpec on TensorFlow.js's current backend. */
export class SeasonNet {
  readonly spec: SeasonSpec;
  /** In the order of `seasonWeights`. */
  readonly variables: readonly Variable[];

  constructor(spec: SeasonSpec, weights: readonly Float32Array[]) {
    this.spec = spec;
    this.variables = seasonWeights(spec).map(({ shape }, index) =>
      tidy(() => variable(tensor(weights[index], [...shape], 'float32'))),
    );
  }

  static create(spec: SeasonSpec, uniform: (low: number, high: number) => number): SeasonNet {
    return new SeasonNet(spec, initialSeasonWeights(spec, uniform));
  }

  /** The values of the weights, in the order of `seasonWeights`. */
  weights(): Float32Array[] {
    return this.variables.map((weight) => Float32Array.from(weight.dataSync<'float32'>()));
  }

  /**
   * Runs the network.
   *
   * @param contexts in transformed units, each [context]
   * @returns quantiles in transformed units, [batch, horizon, levels]; not sorted
   */
  predict(contexts: readonly Float64Array[]): Float64Array {
    const { horizon, levels } = this.spec;
    const inputs = seasonInputs(this.spec, contexts);
    const values = tidy(() => this.forward(inputs, false).dataSync<'float32'>());
    const perRow = horizon * levels.length;
    return Float64Array.from(values, (value, index) => value + inputs.level[Math.floor(index / perRow)]);
  }

  /**
   * The mean pinball loss over windows, steps and levels, each window in multiples of its size, and its gradients.
   *
   * @returns gradients in the order of `variables`; none for validation
   */
  lossAndGradients(
    { contexts, targets, sizes }: SeasonBatch,
    { training }: { training: boolean },
  ): { loss: Scalar; gradients: Tensor[]; weight: number } {
    const { horizon, levels } = this.spec;
    const inputs = seasonInputs(this.spec, contexts);
    const { batch, level } = inputs;
    const aims = new Float32Array(batch * horizon);
    for (const [row, target] of targets.entries()) {
      for (let step = 0; step < horizon; step++) {
        aims[row * horizon + step] = (target[step] - level[row]) / sizes[row];
      }
    }
    const loss = (): Scalar =>
      tidy(() => {
        const size = tensor3d(Float32Array.from(sizes), [batch, 1, 1]);
        const forecast = div<Tensor3D>(this.forward(inputs, training), size);
        const error = sub<Tensor3D>(tensor3d(aims, [batch, horizon, 1]), forecast);
        // Twice the pinball loss: |e| + (2 q - 1) e.
        const slopes = tensor3d(
          levels.map((q) => 2 * q - 1),
          [1, 1, levels.length],
        );
        const losses = add<Tensor3D>(abs(error), mul<Tensor3D>(error, slopes));
        const shares = tensor3d(levelShares(levels.length), [1, 1, levels.length]);
        const windows = mean(mul<Tensor3D>(losses, shares), [1, 2]);
        return mean<Scalar>(minimum(windows, MOST_LOSS));
      });
    if (!training) return { loss: loss(), gradients: [], weight: batch };
    const { value, grads } = variableGrads(loss, [...this.variables]);
    return { loss: value, gradients: this.variables.map(({ name }) => grads[name]), weight: batch };
  }

  dispose(): void {
    dispose([...this.variables]);
  }

  /** The forecast without the level, [batch, horizon, levels]. */
  private forward({ batch, encoder, decoder, centered, scale }: SeasonInputs, training: boolean): Tensor3D {
    const { period, seasons, horizon, units, levels, decoderUnits } = this.spec;
    const weights = this.variables as unknown as (Tensor1D & Tensor2D)[];
    const gru = (at: number, x: Tensor3D, h0: Tensor2D, reverse: boolean): ReturnType<typeof recurrent> =>
      recurrent(
        {
          x,
          kernel: weights[at],
          recurrentKernel: weights[at + 1],
          bias: weights[at + 2],
          recurrentBias: weights[at + 3],
          h0,
        },
        recurrentAttributes({ cell: 'gru', training, reverse, inputGradient: false }),
      );
    const season = tensor3d(encoder, [batch, seasons, 2 * period + 1]);
    const { h } = gru(encoderAt, season, zeros([batch, units]), false);
    const start = (at: number): Tensor2D => tanh(add<Tensor2D>(matMul(h, weights[at]), weights[at + 1]));
    const steps = tensor3d(decoder, [batch, horizon, decoderSeasons(this.spec) + 1]);
    const rows = (y: Tensor3D): Tensor2D => reshape(y, [batch * horizon, decoderUnits]);
    const forward = rows(gru(forwardAt, steps, start(startsAt), false).y);
    const backward = rows(gru(backwardAt, steps, start(startsAt + 2), true).y);
    const readout = add<Tensor2D>(
      add<Tensor2D>(matMul(forward, weights[readoutAt]), matMul(backward, weights[readoutAt + 1])),
      weights[readoutAt + 2],
    );
    const linear = add<Tensor2D>(
      matMul(tensor2d(centered, [batch, contextOf(this.spec)]), weights[linearAt]),
      weights[linearAt + 1],
    );
    return add<Tensor3D>(
      reshape(linear, [batch, horizon, 1]),
      mul<Tensor3D>(reshape(readout, [batch, horizon, levels.length]), tensor3d(scale, [batch, 1, 1])),
    );
  }
}
