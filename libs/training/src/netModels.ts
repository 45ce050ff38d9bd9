import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { dispose, keep, tensor2d, tensor3d } from '@tensorflow/tfjs-core';
import { ConfigError, ModelError, ShapeError } from '@onda/contract';
import type { LossKind } from '@onda/kernels';
import type { Feedback, LossSpec, Net } from '@onda/nets';
import type { Chunk, WindowBatch } from '@onda/series';
import { createRandom, streamSeed } from '@onda/series';
import type { CarriedState, TrainableModel } from './trainableModel.ts';

/** A chunk or a batch of windows. */
export interface NetBatch extends Chunk, Partial<Pick<WindowBatch, 'warmup' | 'samples'>> {}

/** A net that `train` fits, and its last prediction. */
export interface NetModel<Batch> extends TrainableModel<Batch> {
  /**
   * The prediction for the last training batch before its update, without the warm-up: [batch, time, outputs]; null before the first
   * step.
   */
  prediction(): Float32Array | null;
  /** Frees the last prediction and the carried state; the net is kept. */
  dispose(): void;
}

export interface WindowTraining {
  /** Default: the loss of the net, or mean squared error. */
  loss?: LossKind | LossSpec | undefined;
  /**
   * Samples at the end of each window that the net generates itself, with the gradient through them; default: none. Their number rises
   * from 0 at step `start` to `samples` at step `end`: a net that does not predict one sample ahead yet generates nothing to learn from.
   */
  feedback?: (Feedback & { start?: number; end?: number }) | undefined;
  /**
   * Scheduled sampling: probability that an input is replaced by the net's own prediction of it, from 0 at the first step to `final` at
   * step `steps` and later. The predictions come from a pass over the given inputs (parallel scheduled sampling, Mihaylova and Martins
   * 2019); no gradient flows through them.
   */
  scheduledSampling?: { final: number; steps: number; lag: number } | undefined;
  /** Standard deviation of the noise on scaled inputs; default 0. */
  noise?: number | undefined;
  /** Seed of noise and scheduled sampling: an integer from 0 to 2 ** 32 - 1. Default 0. */
  seed?: number | undefined;
}

/**
 * A net on windows that start from zero states, as a new sequence does at inference.
 *
 * @throws ConfigError for a setting out of range
 */
export function windowModel(net: Net, options: WindowTraining = {}): NetModel<NetBatch> {
  const { loss, feedback, scheduledSampling, noise = 0, seed = 0 } = options;
  if (!(noise >= 0 && noise < Infinity)) {
    throw new ConfigError(`input noise: expected a number of at least 0, got ${noise}; correct the setting`);
  }
  const final = scheduledSampling?.final ?? 0;
  if (!(final >= 0 && final <= 1)) {
    throw new ConfigError(
      `scheduled sampling: expected a probability from 0 to 1, got ${final}; correct the setting`,
    );
  }
  const last = new LastPrediction();
  const feedbackAt = (step: number): Feedback | undefined => {
    if (feedback === undefined) return undefined;
    const { samples: most, lag, start = 0, end = 0 } = feedback;
    const share = end > start ? Math.min(1, Math.max(0, (step - start) / (end - start))) : 1;
    const samples = Math.ceil(share * most);
    return samples === 0 ? undefined : { samples, lag };
  };
  return {
    variables: net.variables,
    lossAndGradients(batch, { step, training }) {
      const { warmup, samples: weight = batch.batch * batch.time } = batch;
      const shape: Shape = [batch.batch, batch.time, batch.features];
      const y = tensor3d(batch.y, [batch.batch, batch.time, batch.outputs]);
      if (!training) {
        const x = tensor3d(batch.x, shape);
        return { loss: net.windowLoss(x, y, { loss, warmup, feedback }), gradients: [], weight };
      }
      const random = createRandom(streamSeed(seed, step));
      let values = noise > 0 ? batch.x.map((value) => value + noise * random.normal()) : batch.x;
      if (scheduledSampling !== undefined) {
        const { steps, lag } = scheduledSampling;
        const probability = final * Math.min(1, step / steps);
        values = sampleInputs(net, values, shape, lag, () => random.next() < probability);
      }
      const x = tensor3d(values, shape);
      const result = net.windowGradients(x, y, { loss, warmup, feedback: feedbackAt(step), draw: step });
      last.set(result.prediction);
      return { loss: result.loss, gradients: result.gradients, weight };
    },
    prediction: () => last.read(),
    dispose: () => {
      last.dispose();
    },
  };
}

/** Inputs of which some are replaced by the net's predictions of them. */
function sampleInputs(
  net: Net,
  values: Float32Array,
  shape: Shape,
  lag: number,
  chosen: () => boolean,
): Float32Array {
  const [batch, time, features] = shape;
  if (net.spec.outputs !== features) {
    throw new ConfigError(
      `scheduled sampling: expected a net that predicts its inputs, got ${features} features and ${net.spec.outputs} outputs; train without it`,
    );
  }
  const predictions = net.forward(tensor3d(values, shape), net.zeroState(batch)).y.dataSync<'float32'>();
  const mixed = values.slice();
  for (let row = 0; row < batch; row++) {
    for (let sample = lag; sample < time; sample++) {
      if (!chosen()) continue;
      const at = (row * time + sample) * features;
      const made = at - lag * features;
      mixed.set(predictions.subarray(made, made + features), at);
    }
  }
  return mixed;
}

type Shape = [batch: number, time: number, features: number];

/** The settings of `carryModel`. */
export interface CarryTraining {
  /** Default: the loss of the net, or mean squared error. */
  loss?: LossKind | LossSpec | undefined;
  /** Whether the final state of a chunk starts the next one, detached from the gradient, unless that chunk starts a sequence. Default true. */
  carry?: boolean | undefined;
}

/**
 * A net on consecutive chunks: the state of a chunk starts the next one (truncated BPTT). Validation batches are windows that start
 * from zeros.
 */
export function carryModel(net: Net, { loss, carry = true }: CarryTraining = {}): NetModel<NetBatch> {
  const last = new LastPrediction();
  let carried: Tensor2D | undefined;
  const setState = (state: Tensor2D | undefined): void => {
    carried?.dispose();
    carried = state;
  };
  return {
    variables: net.variables,
    lossAndGradients(chunk, { step, training }) {
      const { batch, time, features, outputs } = chunk;
      const x = tensor3d(chunk.x, [batch, time, features]);
      const y = tensor3d(chunk.y, [batch, time, outputs]);
      if (!training) {
        const { warmup, samples: weight } = chunk;
        return {
          loss: net.windowLoss(x, y, { loss, warmup }),
          gradients: [],
          weight: weight ?? batch * time,
        };
      }
      const before = carry && !chunk.startsSequence ? carried : undefined;
      if (before && before.shape[0] !== batch) {
        throw new ShapeError(
          `chunk of training step ${step}: expected a batch of ${before.shape[0]} because its states are carried over, got ${batch}; start a sequence there or keep the batch size`,
        );
      }
      const result = net.lossAndGradients(x, y, before ?? net.zeroState(batch), loss, step);
      last.set(result.prediction);
      if (carry) setState(keep(result.state));
      return { loss: result.loss, gradients: result.gradients, weight: batch * time };
    },
    prediction: () => last.read(),
    state: () =>
      carried ? { batch: carried.shape[0], values: Float32Array.from(carried.dataSync<'float32'>()) } : null,
    restore(state: CarriedState | null) {
      if (state && state.values.length !== state.batch * net.stateSize) {
        throw new ModelError(
          `carried state: expected ${state.batch * net.stateSize} numbers [${state.batch}, ${net.stateSize}], got ${state.values.length}; resume with the net that started the run`,
        );
      }
      setState(state ? keep(tensor2d(state.values, [state.batch, net.stateSize])) : undefined);
    },
    dispose() {
      last.dispose();
      setState(undefined);
    },
  };
}

/** Keeps the prediction of the last step, which is read only for plots. */
class LastPrediction {
  private tensor: Tensor | undefined;

  set(prediction: Tensor3D): void {
    this.dispose();
    this.tensor = keep(prediction as Tensor);
  }

  read(): Float32Array | null {
    return this.tensor ? Float32Array.from(this.tensor.dataSync<'float32'>()) : null;
  }

  dispose(): void {
    if (this.tensor) dispose(this.tensor);
    this.tensor = undefined;
  }
}
