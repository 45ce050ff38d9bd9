import type { Scalar, Tensor, Tensor1D, Tensor2D, Tensor3D, Variable, io } from '@tensorflow/tfjs-core';
import { dispose, keep, slice, tensor, tidy, variable, zeros } from '@tensorflow/tfjs-core';
import type { StateRow } from '@onda/contract';
import { ConfigError, ShapeError } from '@onda/contract';
import { readArtifacts } from './artifacts/readArtifacts.ts';
import { writeArtifacts } from './artifacts/writeArtifacts.ts';
import { backwardLayers, forwardLayers, packState } from './layerStack.ts';
import type { LossSpec } from './losses/lossSpec.ts';
import { netLoss } from './netLoss.ts';
import type { NetSpec } from './netSpec.ts';
import { checkNetSpec } from './netSpec.ts';
import { readout } from './readout.ts';
import { readoutLossGradients } from './readoutLoss.ts';
import type { LossKind } from './readoutLossOp.ts';
import { startWeights } from './startWeights.ts';
import { stateRows } from './stateRows.ts';
import { weightSpecs } from './weightSpecs.ts';

export type NetForward = {
  /** [batch, time, outputs] */
  y: Tensor3D;
  /** After the last sample, [batch, state]. */
  state: Tensor2D;
};

export type NetReadout = {
  /** [batch, time, blocks * outputs] */
  readout: Tensor3D;
  /** After the last sample, [batch, state]. */
  state: Tensor2D;
};

export type NetGradients = {
  /** Mean over every value. */
  loss: Scalar;
  /** [batch, time, outputs] */
  prediction: Tensor3D;
  /** After the last sample, [batch, state]; cut from the gradient. */
  state: Tensor2D;
  /** One for each of `Net.variables`. */
  gradients: Tensor[];
};

/**
 * A sequence net: stacked recurrent layers and a linear read-out of every sample's h. The states of all layers travel as one row a
 * sequence, [batch, state], packed as `stateRows` says; zeros start a sequence.
 */
export class Net {
  readonly spec: NetSpec;
  readonly stateRows: readonly StateRow[];
  /** Length of the state row. */
  readonly stateSize: number;
  /** The weights, in the order and shapes of `weightSpecs`. */
  readonly variables: readonly Variable[];

  /**
   * Zeros for one batch, [batch, units], which every training step needs: one tensor for as long as the net lives, made anew when
   * the batch changes.
   */
  private none: Tensor2D;

  private constructor(spec: NetSpec, weights: readonly Float32Array[]) {
    this.spec = spec;
    this.stateRows = stateRows(spec);
    this.stateSize = this.stateRows.length * spec.units;
    this.variables = weightSpecs(spec).map(({ shape }, index) =>
      tidy(() => variable(tensor(weights[index], [...shape], 'float32'))),
    );
    this.none = keep(zeros([1, spec.units]));
  }

  /**
   * A net with start weights as PyTorch draws them.
   *
   * @param uniform draws a number from [low, high); the same draws give the same net
   * @throws ConfigError for a spec that no net can have
   */
  static create(spec: NetSpec, uniform: (low: number, high: number) => number): Net {
    checkNetSpec(spec);
    return new Net(spec, startWeights(spec, uniform));
  }

  /**
   * The net of a TensorFlow.js layers model that `toArtifacts` made.
   *
   * @throws ModelError for a model that is not such a net, or whose weights are missing or damaged
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

  /** The state of sequences that have not begun, [batch, state]. */
  zeroState(batch: number): Tensor2D {
    return zeros([batch, this.stateSize]);
  }

  /**
   * Runs the net, without a gradient.
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
   * `forward` with everything that the read-out says: for a gaussian or quantile loss more than the prediction, in the blocks of
   * columns that readoutLossOp.ts names; else the same.
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
   * Runs the net forward and backward: the loss and what each weight contributes to it.
   *
   * @param x     [batch, time, features]
   * @param y     the true values, [batch, time, outputs]
   * @param state [batch, state]; no gradient flows into it
   * @param loss  left out: the spec's, or mse
   * @param draw  of a net with dropout: the training step; the same number gives the same dropout
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
    const lossSpec = netLoss(this.spec, loss);
    const mode = { training: true, draw: this.drawOf(draw) } as const;
    return tidy(() => {
      const runs = forwardLayers(this.spec, this.variables, x, state, mode);
      const hidden = runs[runs.length - 1].outputs.y;
      const [kernel, bias] = this.readoutWeights();
      const last = readoutLossGradients({ hidden, kernel, bias, target: y }, lossSpec);
      return {
        loss: last.loss,
        prediction: this.pointPrediction(last.prediction),
        state: packState(runs),
        gradients: [
          ...backwardLayers(this.spec, runs, last.dHidden, this.noneOf(x.shape[0])),
          last.dKernel,
          last.dBias,
        ],
      };
    });
  }

  /** Frees the weights; the net cannot run after it. */
  dispose(): void {
    dispose([...this.variables, this.none]);
  }

  private noneOf(batch: number): Tensor2D {
    if (this.none.shape[0] !== batch) {
      this.none.dispose();
      this.none = keep(zeros([batch, this.spec.units]));
    }
    return this.none;
  }

  /** @throws ConfigError when the dropout needs a number and there is none */
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

  /** The columns that are the net's prediction: all of them, but of a gaussian or quantile read-out. */
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

function checkTensor(name: string, given: Tensor, names: readonly string[], shape: readonly number[]): void {
  const dims = given.shape as readonly number[];
  if (dims.length === shape.length && dims.every((size, index) => size === shape[index] && size >= 1)) return;
  const expected = names.map((dim, index) =>
    dim in { features: 1, outputs: 1, state: 1 } ? shape[index] : dim,
  );
  throw new ShapeError(
    `net input "${name}": expected shape [${expected.join(', ')}], got [${dims.join(', ')}]; give it that shape, with every dim at least 1 and the batch and time of x`,
  );
}
