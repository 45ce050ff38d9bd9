import type { io, Rank, Scalar, Tensor, Tensor1D, Tensor2D, Tensor3D, Variable } from '@tensorflow/tfjs-core';
import {
  add,
  dispose,
  keep,
  matMul,
  pad,
  reshape,
  slice,
  sum,
  tensor,
  tidy,
  variable,
  zeros,
} from '@tensorflow/tfjs-core';
import type { StateRow } from '@onda/contract';
import { ConfigError, ShapeError } from '@onda/contract';
import { readArtifacts, writeArtifacts } from './artifacts.ts';
import type { Feedback } from './feedback.ts';
import { feedBack } from './feedback.ts';
import { backwardLayers, forwardLayers, packState } from './layerStack.ts';
import type { LossSpec } from './losses.ts';
import { lossAttributes, lossBlocks } from './losses.ts';
import type { NetSpec } from './netSpec.ts';
import { checkNetSpec, stateRows } from './netSpec.ts';
import type { LossKind } from '@onda/kernels';
import { readout, readoutLoss, readoutLossGradients } from './readoutLoss.ts';
import { initialWeights, weightSpecs } from './weights.ts';

export type NetForward = {
  /** [batch, time, outputs] */
  y: Tensor3D;
  /** State after the last sample, [batch, state]. */
  state: Tensor2D;
};

export type NetReadout = {
  /** [batch, time, blocks * outputs] */
  readout: Tensor3D;
  /** State after the last sample, [batch, state]. */
  state: Tensor2D;
};

export type NetGradients = {
  /** Mean over all values. */
  loss: Scalar;
  /** [batch, time, outputs] */
  prediction: Tensor3D;
  /** State after the last sample, [batch, state]; detached from the gradient. */
  state: Tensor2D;
  /** In the order of `Net.variables`. */
  gradients: Tensor[];
};

/** What of a window counts, and how its inputs are made. */
export interface WindowOptions {
  /** Default: the loss of the spec, or mse. */
  readonly loss?: LossKind | LossSpec | undefined;
  /** Number of the training step, required with dropout; the same number gives the same mask. */
  readonly draw?: number | undefined;
  /** Leading samples that do not count in the loss; default 0. */
  readonly warmup?: number | undefined;
  /** Last samples of x that are replaced by the net's own predictions; default: none. */
  readonly feedback?: Feedback | undefined;
}

/**
 * A sequence net: stacked recurrent layers and a linear read-out of every h. The states of all layers are packed in one row per
 * sequence, [batch, state], with the layout of `stateRows`; zeros start a sequence.
 */
export class Net {
  readonly spec: NetSpec;
  readonly stateRows: readonly StateRow[];
  /** Length of the state row. */
  readonly stateSize: number;
  /** The weights, in the order and shapes of `weightSpecs`. */
  readonly variables: readonly Variable[];

  /**
   * Zeros, [batch, units], for the gradient of the final state in every training step: kept for the life of the net, replaced when
   * the batch size changes.
   */
  private zero: Tensor2D;

  private constructor(spec: NetSpec, weights: readonly Float32Array[]) {
    this.spec = spec;
    this.stateRows = stateRows(spec);
    this.stateSize = this.stateRows.length * spec.units;
    this.variables = weightSpecs(spec).map(({ shape }, index) =>
      tidy(() => variable(tensor(weights[index], [...shape], 'float32'))),
    );
    this.zero = keep(zeros([1, spec.units]));
  }

  /**
   * Creates a net with PyTorch's initial weights.
   *
   * @param uniform draws a number from [low, high); the same draws give the same net
   * @throws ConfigError for an invalid spec
   */
  static create(spec: NetSpec, uniform: (low: number, high: number) => number): Net {
    checkNetSpec(spec);
    return new Net(spec, initialWeights(spec, uniform));
  }

  /**
   * Creates a net from a TensorFlow.js layers model that `toArtifacts` wrote.
   *
   * @throws ModelError for another model, or missing or damaged weights
   */
  static fromArtifacts(artifacts: io.ModelArtifacts): Net {
    const { spec, weights } = readArtifacts(artifacts);
    return new Net(spec, weights);
  }

  /** A TensorFlow.js layers model: recurrent layers `recurrent_0`, ... and a dense layer `readout`; see `registerLayers`. */
  toArtifacts(): io.ModelArtifacts {
    return writeArtifacts(
      this.spec,
      this.variables.map((weight) => weight.dataSync<'float32'>()),
    );
  }

  /** The state at the start of a sequence: zeros, [batch, state]. */
  zeroState(batch: number): Tensor2D {
    return zeros([batch, this.stateSize]);
  }

  /**
   * Runs the net without gradients.
   *
   * @param x     [batch, time, features]
   * @param state [batch, state]
   * @throws ShapeError for tensors of other shapes
   */
  forward(x: Tensor3D, state: Tensor2D): NetForward {
    return tidy(() => {
      const run = this.forwardReadout(x, state);
      return { y: this.pointPrediction(run.readout), state: run.state };
    });
  }

  /**
   * `forward` with all columns of the read-out: for a gaussian or quantile loss the blocks of readoutLossOp.ts, else the prediction.
   */
  forwardReadout(x: Tensor3D, state: Tensor2D): NetReadout {
    this.checkInputs(x, state);
    return tidy(() => {
      const runs = forwardLayers(this.spec, this.variables, x, state, { training: false });
      const hidden = runs[runs.length - 1].outputs.y;
      return { readout: readout(hidden, ...this.readoutWeights()), state: packState(runs) };
    });
  }

  /**
   * Computes the loss and its gradient for each weight.
   *
   * @param x     [batch, time, features]
   * @param y     the true values, [batch, time, outputs]
   * @param state [batch, state]; no gradient flows into it
   * @param loss  default: the loss of the spec, or mse
   * @param draw  number of the training step, required with dropout; the same number gives the same mask
   * @throws ShapeError for tensors of other shapes; ConfigError for a loss that needs another read-out, or dropout without `draw`
   */
  lossAndGradients(
    x: Tensor3D,
    y: Tensor3D,
    state: Tensor2D,
    loss?: LossKind | LossSpec,
    draw?: number,
  ): NetGradients {
    this.checkInputs(x, state);
    checkTensor('y', y, ['batch', 'time', 'outputs'], [x.shape[0], x.shape[1], this.spec.outputs]);
    return tidy(() => this.gradientsOf(x, y, state, netLoss(this.spec, loss), { draw }));
  }

  /**
   * Computes the loss of windows, which start from zero states, and its gradient for each weight.
   *
   * @param x [batch, time, features]
   * @param y the true values, [batch, time, outputs]
   * @returns as of `lossAndGradients`; the prediction is that of the samples after the warm-up
   * @throws ShapeError for tensors of other shapes; ConfigError for a warm-up or feedback that does not fit
   */
  windowGradients(x: Tensor3D, y: Tensor3D, options: WindowOptions = {}): NetGradients {
    const lossSpec = this.checkWindow(x, y, options);
    return tidy(() => this.gradientsOf(x, y, this.zeroState(x.shape[0]), lossSpec, options));
  }

  /** The loss of windows without gradients or dropout; arguments and errors as of `windowGradients`. */
  windowLoss(x: Tensor3D, y: Tensor3D, options: WindowOptions = {}): Scalar {
    const lossSpec = this.checkWindow(x, y, options);
    const { warmup = 0, feedback } = options;
    return tidy(() => {
      const state = this.zeroState(x.shape[0]);
      const input = feedback ? feedBack(this.spec, this.variables, x, state, feedback).x : x;
      const runs = forwardLayers(this.spec, this.variables, input, state, { training: false });
      const hidden = after(runs[runs.length - 1].outputs.y, warmup);
      const [kernel, bias] = this.readoutWeights();
      return readoutLoss({ hidden, kernel, bias, target: after(y, warmup) }, lossSpec).loss;
    });
  }

  /** Frees the weights; the net cannot run afterwards. */
  dispose(): void {
    dispose([...this.variables, this.zero]);
  }

  /** The loss and gradients of checked arguments; to be called in `tidy`. */
  private gradientsOf(
    x: Tensor3D,
    y: Tensor3D,
    state: Tensor2D,
    loss: LossSpec,
    { draw, warmup = 0, feedback }: WindowOptions,
  ): NetGradients {
    const fed = feedback && feedBack(this.spec, this.variables, x, state, feedback);
    const mode = { training: true, draw: this.drawOf(draw) } as const;
    const runs = forwardLayers(this.spec, this.variables, fed?.x ?? x, state, mode);
    const hidden = runs[runs.length - 1].outputs.y;
    const [kernel, bias] = this.readoutWeights();
    const last = readoutLossGradients(
      { hidden: after(hidden, warmup), kernel, bias, target: after(y, warmup) },
      loss,
    );
    let { dHidden, dKernel, dBias } = last;
    if (warmup > 0) {
      dHidden = pad(dHidden, [
        [0, 0],
        [warmup, 0],
        [0, 0],
      ]);
    }
    if (fed !== undefined) {
      const through = fed.backward(dHidden);
      const rows = x.shape[0] * x.shape[1];
      const dReadout = reshape<Rank.R2>(through.dReadout, [rows, bias.size]);
      dHidden = through.dHidden;
      dKernel = add(dKernel, matMul(reshape(hidden, [rows, this.spec.units]), dReadout, true));
      dBias = add(dBias, sum(dReadout, 0));
    }
    return {
      loss: last.loss,
      prediction: this.pointPrediction(last.prediction),
      state: packState(runs),
      gradients: [...backwardLayers(this.spec, runs, dHidden, this.zeroOf(x.shape[0])), dKernel, dBias],
    };
  }

  private checkWindow(x: Tensor3D, y: Tensor3D, options: WindowOptions): LossSpec {
    const { features, outputs, dropout } = this.spec;
    const [batch, time] = x.shape;
    checkTensor('x', x, ['batch', 'time', 'features'], [batch, time, features]);
    checkTensor('y', y, ['batch', 'time', 'outputs'], [batch, time, outputs]);
    const { warmup = 0, feedback } = options;
    if (!Number.isInteger(warmup) || warmup < 0 || warmup >= time) {
      throw new ConfigError(
        `net warm-up: expected a whole number from 0 to ${time - 1}, below the ${time} samples of the window, got ${warmup}; lower it`,
      );
    }
    if (feedback !== undefined) {
      const { samples, lag } = feedback;
      if (features !== outputs) {
        throw new ConfigError(
          `net feedback: expected a net that predicts its inputs, got ${features} features and ${outputs} outputs; train without it`,
        );
      }
      if (!Number.isInteger(samples) || samples < 1 || samples > time - lag) {
        throw new ConfigError(
          `net feedback: expected 1 to ${time - lag} samples in a window of ${time} with lag ${lag}, got ${samples}; use longer windows`,
        );
      }
      if (dropout?.rate) {
        throw new ConfigError(
          `net feedback: expected a net without dropout, got the rate ${dropout.rate}; set net.dropout to 0 or train without feedback`,
        );
      }
    }
    return netLoss(this.spec, options.loss);
  }

  private zeroOf(batch: number): Tensor2D {
    if (this.zero.shape[0] !== batch) {
      this.zero.dispose();
      this.zero = keep(zeros([batch, this.spec.units]));
    }
    return this.zero;
  }

  /** @throws ConfigError when the net has dropout and `draw` is missing */
  private drawOf(draw: number | undefined): number {
    if (!this.spec.dropout?.rate || Number.isSafeInteger(draw)) return draw ?? 0;
    throw new ConfigError(
      `net draw: expected a whole number, from which the dropout is drawn, got ${draw}; give the number of the training step`,
    );
  }

  private readoutWeights(): [kernel: Tensor2D, bias: Tensor1D] {
    const [kernel, bias] = this.variables.slice(-2);
    return [kernel as Tensor as Tensor2D, bias as Tensor as Tensor1D];
  }

  /** The columns of the point prediction: the first block. */
  private pointPrediction(readoutValues: Tensor3D): Tensor3D {
    const { outputs } = this.spec;
    if (readoutValues.shape[2] === outputs) return readoutValues;
    return slice(readoutValues, [0, 0, 0], [-1, -1, outputs]);
  }

  private checkInputs(x: Tensor3D, state: Tensor2D): void {
    const [batch, time] = x.shape;
    checkTensor('x', x, ['batch', 'time', 'features'], [batch, time, this.spec.features]);
    checkTensor('state', state, ['batch', 'state'], [batch, this.stateSize]);
  }
}

/** Samples after the warm-up, [batch, time - warmup, columns]. */
function after(values: Tensor3D, warmup: number): Tensor3D {
  return warmup === 0 ? values : slice(values, [0, warmup, 0], [-1, -1, -1]);
}

function checkTensor(name: string, given: Tensor, names: readonly string[], shape: readonly number[]): void {
  const dims = given.shape as readonly number[];
  if (dims.length === shape.length && dims.every((size, index) => size === shape[index] && size >= 1)) return;
  const expected = names.map((dim, index) =>
    dim in { features: 1, outputs: 1, state: 1 } ? shape[index] : dim,
  );
  throw new ShapeError(
    `net input "${name}": expected shape [${expected.join(', ')}], got [${dims.join(', ')}]; pass that shape, with every dim at least 1 and the batch and time of x`,
  );
}

const meanSquaredError: LossSpec = { kind: 'mse' };

/**
 * The loss of a training step. A kind alone means the loss of the spec if it is of that kind, else that loss with its defaults.
 *
 * @param given default: the loss of the spec
 * @throws ConfigError for a loss that needs another read-out
 */
export function netLoss(spec: NetSpec, given: LossKind | LossSpec | undefined): LossSpec {
  const own = spec.loss ?? meanSquaredError;
  if (given === undefined || given === own || given === own.kind) return own;
  if (given === 'quantile') {
    throw new ConfigError(
      `net loss: expected the levels of the quantiles beside "quantile", got none; name them, as in { kind: 'quantile', levels: [0.5, 0.1, 0.9] }`,
    );
  }
  const loss: LossSpec = typeof given === 'string' ? { kind: given } : given;
  lossAttributes(loss, 'net loss');
  const same =
    loss.kind === 'quantile' && own.kind === 'quantile'
      ? String(loss.levels) === String(own.levels)
      : lossBlocks(loss) === lossBlocks(own) && isPlain(loss) === isPlain(own);
  if (same) return loss;
  throw new ConfigError(
    `net loss: expected one for the read-out of ${lossText(own)}, which the net was made with, got ${lossText(loss)}; make the net with this loss in its spec`,
  );
}

/** Whether each column of the read-out is a point prediction. */
function isPlain({ kind }: LossSpec): boolean {
  return kind !== 'gaussian' && kind !== 'quantile';
}

function lossText(loss: LossSpec): string {
  return loss.kind === 'quantile' ? `quantile [${loss.levels.join(', ')}]` : loss.kind;
}
