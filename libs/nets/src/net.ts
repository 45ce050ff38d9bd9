import type { Rank, Scalar, Tensor, Tensor1D, Tensor2D, Tensor3D, Variable, io } from '@tensorflow/tfjs-core';
import { concat, dispose, slice, tensor, tidy, variable, zeros } from '@tensorflow/tfjs-core';
import type { StateRow } from '@onda/contract';
import { ShapeError } from '@onda/contract';
import { readArtifacts } from './artifacts/readArtifacts.ts';
import { writeArtifacts } from './artifacts/writeArtifacts.ts';
import type { LossKind } from './losses/loss.ts';
import { losses } from './losses/losses.ts';
import type { NetSpec } from './netSpec.ts';
import { readout, readoutGradients } from './readout.ts';
import type { RecurrentInputs } from './recurrentTensors.ts';
import { recurrent, recurrentAttributes, recurrentGrad } from './recurrent.ts';
import { startWeights } from './startWeights.ts';
import { stateRows } from './stateRows.ts';
import { weightSpecs } from './weightSpecs.ts';

export type NetForward = {
  /** [batch, time, outputs] */
  y: Tensor3D;
  /** After the last sample, [batch, state]. */
  state: Tensor2D;
};

export type NetGradients = {
  /** Mean over the batch. */
  loss: Scalar;
  /** [batch, time, outputs] */
  prediction: Tensor3D;
  /** After the last sample, [batch, state]; cut from the gradient. */
  state: Tensor2D;
  /** One for each of `Net.variables`. */
  gradients: Tensor[];
};

/** What one layer's forward call leaves for its backward call. */
interface LayerRun {
  inputs: RecurrentInputs;
  outputs: ReturnType<typeof recurrent>;
}

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

  private constructor(spec: NetSpec, weights: readonly Float32Array[]) {
    this.spec = spec;
    this.stateRows = stateRows(spec);
    this.stateSize = this.stateRows.length * spec.units;
    this.variables = weightSpecs(spec).map(({ shape }, index) =>
      tidy(() => variable(tensor(weights[index], [...shape], 'float32'))),
    );
  }

  /**
   * A net with start weights as PyTorch draws them.
   *
   * @param uniform draws a number from [low, high); the same draws give the same net
   */
  static create(spec: NetSpec, uniform: (low: number, high: number) => number): Net {
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
    this.checkInputs(x, state);
    return tidy(() => {
      const runs = this.runLayers(x, state, false);
      return { y: this.readoutOf(runs), state: packState(runs) };
    });
  }

  /**
   * Runs the net forward and backward: the loss and what each weight contributes to it.
   *
   * @param x     [batch, time, features]
   * @param y     the true values, [batch, time, outputs]
   * @param state [batch, state]; no gradient flows into it
   * @throws ShapeError for tensors of other shapes
   */
  lossAndGradients(x: Tensor3D, y: Tensor3D, state: Tensor2D, loss: LossKind): NetGradients {
    this.checkInputs(x, state);
    checkTensor('y', y, ['batch', 'time', 'outputs'], [x.shape[0], x.shape[1], this.spec.outputs]);
    return tidy(() => {
      const runs = this.runLayers(x, state, true);
      const prediction = this.readoutOf(runs);
      const lossResult = losses[loss](prediction, y);
      const [kernel] = this.readoutWeights();
      const last = readoutGradients(runs[runs.length - 1].outputs.y, kernel, lossResult.gradient);
      return {
        loss: lossResult.loss,
        prediction,
        state: packState(runs),
        gradients: [...this.layerGradients(runs, last.dy), last.dKernel, last.dBias],
      };
    });
  }

  /** Frees the weights; the net cannot run after it. */
  dispose(): void {
    dispose([...this.variables]);
  }

  private runLayers(x: Tensor3D, state: Tensor2D, training: boolean): LayerRun[] {
    const { cell, layers } = this.spec;
    const runs: LayerRun[] = [];
    for (let layer = 0; layer < layers; layer++) {
      const [kernel, recurrentKernel, bias, recurrentBias] = this.variables.slice(4 * layer);
      const inputs = {
        x: layer === 0 ? x : runs[layer - 1].outputs.y,
        kernel: kernel as Tensor as Tensor2D,
        recurrentKernel: recurrentKernel as Tensor as Tensor2D,
        bias: bias as Tensor as Tensor1D,
        recurrentBias: recurrentBias as Tensor as Tensor1D,
        ...this.layerState(state, layer),
      };
      runs.push({ inputs, outputs: recurrent(inputs, recurrentAttributes({ cell, training })) });
    }
    return runs;
  }

  /** This layer's part of the state row. */
  private layerState(state: Tensor2D, layer: number): { h0: Tensor2D; c0?: Tensor2D } {
    const { cell, units } = this.spec;
    if (this.stateRows.length === 1) return { h0: state };
    const part = (index: number): Tensor2D => slice(state, [0, index * units], [-1, units]);
    return cell === 'lstm' ? { h0: part(2 * layer), c0: part(2 * layer + 1) } : { h0: part(layer) };
  }

  private readoutWeights(): [kernel: Tensor2D, bias: Tensor1D] {
    const [kernel, bias] = this.variables.slice(-2);
    return [kernel as Tensor as Tensor2D, bias as Tensor as Tensor1D];
  }

  private readoutOf(runs: readonly LayerRun[]): Tensor3D {
    return readout(runs[runs.length - 1].outputs.y, ...this.readoutWeights());
  }

  /** From the last layer to the first: dy of a layer is dx of the one above it. */
  private layerGradients(runs: readonly LayerRun[], dyLast: Tensor3D): Tensor[] {
    const { cell, units } = this.spec;
    // The final state starts the next chunk, cut from the gradient: nothing comes back through it.
    const none = zeros<Rank.R2>([dyLast.shape[0], units]);
    const gradients: Tensor[] = [];
    let dy = dyLast;
    for (let layer = runs.length - 1; layer >= 0; layer--) {
      const { inputs, outputs } = runs[layer];
      const results = recurrentGrad(
        {
          ...inputs,
          y: outputs.y,
          reserve: outputs.reserve,
          dy,
          dh: none,
          dc: cell === 'lstm' ? none : undefined,
        },
        recurrentAttributes({ cell, training: true, inputGradient: layer > 0 }),
      );
      const { dKernel, dRecurrentKernel, dBias, dRecurrentBias } = results;
      gradients.unshift(dKernel, dRecurrentKernel, dBias, dRecurrentBias);
      dy = results.dx as Tensor3D;
    }
    return gradients;
  }

  private checkInputs(x: Tensor3D, state: Tensor2D): void {
    const [batch, time] = x.shape;
    checkTensor('x', x, ['batch', 'time', 'features'], [batch, time, this.spec.features]);
    checkTensor('state', state, ['batch', 'state'], [batch, this.stateSize]);
  }
}

/** The states of all layers as one row. */
function packState(runs: readonly LayerRun[]): Tensor2D {
  const parts = runs.flatMap(({ outputs: { h, c } }) => (c === undefined ? [h] : [h, c]));
  return parts.length === 1 ? parts[0] : concat(parts, 1);
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
