import type { Scalar, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { tensor2d, tensor3d, tidy } from '@tensorflow/tfjs-core';
import { ConfigError, ModelError, ShapeError } from '@onda/contract';
import type { LossKind, LossSpec, Net } from '@onda/nets';
import type { Chunk, ChunkSource } from '@onda/series';
import type { FitProgress } from './fitProgress.ts';
import { LossRecord } from './lossRecord.ts';
import type { Optimizer } from './optimizers/optimizer.ts';
import type { Schedule } from './schedules.ts';
import { yieldToEventLoop } from './yieldToEventLoop.ts';

export interface FitOptions {
  net: Net;
  source: ChunkSource;
  /** Of `net.variables`. */
  optimizer: Optimizer;
  /** Steps in all, those of `resume` among them. */
  steps: number;
  /** Left out: the net's own, else mean squared error. */
  loss?: LossKind | LossSpec;
  /** Whether the state of one chunk starts the next, unless that starts a sequence; it is cut from the gradient. */
  carry: boolean;
  /** Sets the learning rate of each step; left out, the optimizer's stays. */
  schedule?: Schedule;
  /** Where an earlier fit ended; net and optimizer are as they were there. */
  resume?: FitProgress;
  /** Called after each step; when it gives a promise, the next step waits for it. */
  onStep?: (step: FitStep) => unknown;
  /** Ends the fit after the step that is running. */
  signal?: AbortSignal;
}

/** A step just done. Its functions read from the backend, so call them when the values are wanted, and before the next step. */
export interface FitStep {
  /** 0, 1, 2, ... */
  step: number;
  chunk: Chunk;
  /** @throws ResultError when the training has diverged */
  loss: () => number;
  /** The net's output for the chunk before this step's update, shape [batch, time, outputs]. */
  prediction: () => Float32Array;
  /** How far the fit has come with this step; for a checkpoint. */
  progress: () => FitProgress;
}

export interface FitResult extends FitProgress {
  /** Whether the signal ended it before its last step. */
  stopped: boolean;
}

/** Milliseconds that pass before everything else that waits gets its turn. */
const TURN_MS = 50;

/**
 * Trains a net: one chunk a step, the loss, its gradients, one step of the optimizer.
 *
 * The same net, source and settings give the same bits on the same machine and backend, also when the fit is resumed in between.
 *
 * @throws ResultError naming the step when the loss is no finite number; ConfigError or ShapeError when the parts don't fit
 */
export async function fit(options: FitOptions): Promise<FitResult> {
  const { source, optimizer, steps, schedule, resume, onStep, signal } = options;
  checkOptions(options);
  const losses = new LossRecord(resume?.losses);
  let carry: Tensor2D | undefined = resume?.carry
    ? tensor2d(resume.carry.values, [resume.carry.batch, options.net.stateSize])
    : undefined;
  let step = resume?.step ?? 0;
  let turnEnds = performance.now() + TURN_MS;
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
      if (performance.now() >= turnEnds) {
        losses.read();
        await yieldToEventLoop();
        turnEnds = performance.now() + TURN_MS;
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
  /** Undefined when nothing is carried. */
  state: Tensor2D | undefined;
}

function runStep(options: FitOptions, chunk: Chunk, step: number, carry: Tensor2D | undefined): StepTensors {
  const { net, optimizer } = options;
  const { batch, time, features, outputs } = chunk;
  const carried = options.carry && !chunk.startsSequence ? carry : undefined;
  if (carried && carried.shape[0] !== batch) {
    throw new ShapeError(
      `chunk of training step ${step}: expected a batch of ${carried.shape[0]}, whose states are carried on, got ${batch}; start a sequence there or keep the batch`,
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
      `fit: expected data of ${features} features and ${outputs} outputs, as the net has, got ${source.features} and ${source.outputs}; build the net for its data`,
    );
  }
  if (resume && resume.step > steps) {
    throw new ConfigError(
      `fit: expected at least the ${resume.step} steps that are already done, got ${steps}; raise training.steps`,
    );
  }
  const carried = resume?.carry;
  if (carried && carried.values.length !== carried.batch * net.stateSize) {
    throw new ModelError(
      `carried state: expected ${carried.batch * net.stateSize} numbers [${carried.batch}, ${net.stateSize}], got ${carried.values.length}; go on with the net that the run began with`,
    );
  }
}
