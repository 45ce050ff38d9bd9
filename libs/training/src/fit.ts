import type { Scalar, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { tensor2d, tensor3d, tidy } from '@tensorflow/tfjs-core';
import { ConfigError, ModelError, ShapeError } from '@onda/contract';
import type { LossKind } from '@onda/kernels';
import type { LossSpec, Net } from '@onda/nets';
import type { Chunk, ChunkSource } from '@onda/series';
import { LossRecord } from './lossRecord.ts';
import type { Optimizer } from './optimizer.ts';
import type { Schedule } from './schedules.ts';

export interface FitOptions {
  net: Net;
  source: ChunkSource;
  /** Optimizer of `net.variables`. */
  optimizer: Optimizer;
  /** Total number of steps, including those of `resume`. */
  steps: number;
  /** Default: the loss of the net, or mean squared error. */
  loss?: LossKind | LossSpec;
  /** Whether the final state of a chunk starts the next one, detached from the gradient, unless that chunk starts a sequence. */
  carry: boolean;
  /** Learning rate of each step; default: that of the optimizer. */
  schedule?: Schedule;
  /** Progress of the fit to resume; net and optimizer must be restored from the same checkpoint. */
  resume?: FitProgress;
  /** Called after each step; a returned promise is awaited before the next step. */
  onStep?: (step: FitStep) => unknown;
  /** Ends the fit after the current step. */
  signal?: AbortSignal;
}

/** A completed step. Its functions read from the backend: call them only if the values are needed, before the next step. */
export interface FitStep {
  /** 0, 1, 2, ... */
  step: number;
  chunk: Chunk;
  /** @throws ResultError when the training has diverged */
  loss: () => number;
  /** The prediction for the chunk before the update, shape [batch, time, outputs]. */
  prediction: () => Float32Array;
  /** Progress including this step, for a checkpoint. */
  progress: () => FitProgress;
}

export interface FitResult extends FitProgress {
  /** Whether the signal ended the fit before its last step. */
  stopped: boolean;
}

/** Milliseconds between yields to the event loop. */
const YIELD_INTERVAL_MS = 50;

/**
 * Trains a net: each step takes one chunk, computes the loss and its gradients, and updates the weights.
 *
 * Deterministic: the same net, source and settings give the same bits on the same machine and backend, resumed or not.
 *
 * @throws ResultError naming the step when the loss is not finite; ConfigError or ShapeError for a net, data or state that do not match
 */
export async function fit(options: FitOptions): Promise<FitResult> {
  const { source, optimizer, steps, schedule, resume, onStep, signal } = options;
  checkOptions(options);
  const losses = new LossRecord(resume?.losses);
  let carry: Tensor2D | undefined = resume?.carry
    ? tensor2d(resume.carry.values, [resume.carry.batch, options.net.stateSize])
    : undefined;
  let step = resume?.step ?? 0;
  let nextYield = performance.now() + YIELD_INTERVAL_MS;
  const progress = (done: number): FitProgress => ({
    step: done,
    losses: Float32Array.from(losses.read()),
    carry: carry ? { batch: carry.shape[0], values: Float32Array.from(carry.dataSync<'float32'>()) } : null,
  });
  try {
    for (; step < steps && !signal?.aborted; step++) {
      if (schedule) optimizer.learningRate = schedule(step);
      const chunk = source.chunk(step);
      const result = runStep(options, chunk, step, carry);
      carry?.dispose();
      carry = result.state;
      losses.push(result.loss);
      if (onStep) {
        try {
          const { prediction } = result;
          const answer = onStep({
            step,
            chunk,
            loss: () => losses.read()[step],
            prediction: () => Float32Array.from(prediction.dataSync<'float32'>()),
            progress: () => progress(step + 1),
          });
          if (answer instanceof Promise) await answer;
        } finally {
          result.prediction.dispose();
        }
      } else {
        result.prediction.dispose();
      }
      if (performance.now() >= nextYield) {
        losses.read();
        await yieldToEventLoop();
        nextYield = performance.now() + YIELD_INTERVAL_MS;
      }
    }
    return { ...progress(step), stopped: step < steps };
  } finally {
    carry?.dispose();
    losses.dispose();
  }
}

interface StepTensors {
  loss: Scalar;
  prediction: Tensor3D;
  /** Undefined when the state is not carried over. */
  state: Tensor2D | undefined;
}

function runStep(options: FitOptions, chunk: Chunk, step: number, carry: Tensor2D | undefined): StepTensors {
  const { net, optimizer } = options;
  const { batch, time, features, outputs } = chunk;
  const carried = options.carry && !chunk.startsSequence ? carry : undefined;
  if (carried && carried.shape[0] !== batch) {
    throw new ShapeError(
      `chunk of training step ${step}: expected a batch of ${carried.shape[0]} because its states are carried over, got ${batch}; start a sequence there or keep the batch size`,
    );
  }
  return tidy(() => {
    const x = tensor3d(chunk.x, [batch, time, features]);
    const y = tensor3d(chunk.y, [batch, time, outputs]);
    const { loss, prediction, state, gradients } = net.lossAndGradients(
      x,
      y,
      carried ?? net.zeroState(batch),
      options.loss,
      step,
    );
    optimizer.apply(gradients);
    return { loss, prediction, state: options.carry ? state : undefined };
  });
}

function checkOptions({ net, source, steps, resume }: FitOptions): void {
  const { features, outputs } = net.spec;
  if (source.features !== features || source.outputs !== outputs) {
    throw new ConfigError(
      `fit: expected data of ${features} features and ${outputs} outputs like the net, got ${source.features} and ${source.outputs}; build the net for its data`,
    );
  }
  if (resume && resume.step > steps) {
    throw new ConfigError(
      `fit: expected at least the ${resume.step} completed steps, got ${steps}; raise training.steps`,
    );
  }
  const carried = resume?.carry;
  if (carried && carried.values.length !== carried.batch * net.stateSize) {
    throw new ModelError(
      `carried state: expected ${carried.batch * net.stateSize} numbers [${carried.batch}, ${net.stateSize}], got ${carried.values.length}; resume with the net that started the run`,
    );
  }
}

/** Progress of a fit: with net and optimizer all that `fit` needs to resume. */
export interface FitProgress {
  /** Number of completed steps. */
  step: number;
  /** The loss of each completed step, before its update. */
  losses: Float32Array;
  /** The initial state of the next chunk; null for zeros. */
  carry: CarriedState | null;
}

/** One state row per sequence of the batch. */
export interface CarriedState {
  batch: number;
  /** Row-major, shape [batch, state]. */
  values: Float32Array;
}

/**
 * Lets pending events run: rendering, timers, signals, requests.
 *
 * Uses a message because a timer of 0 takes 1 ms in Node and 4 ms in browsers.
 */
function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
