import type { Variable } from '@tensorflow/tfjs-core';
import { mul, tidy } from '@tensorflow/tfjs-core';
import { ConfigError, ModelError, ResultError } from '@onda/contract';
import type { Checkpoint } from './checkpoint.ts';
import { LossRecord } from './lossRecord.ts';
import type { Optimizer } from './optimizer.ts';
import type { Schedule } from './schedules.ts';
import { constantSchedule } from './schedules.ts';
import type { Batches, TrainableModel } from './trainableModel.ts';
import type { PlateauOptions, Validation, ValidationOptions } from './validation.ts';
import { PlateauRate, ValidationMonitor } from './validation.ts';
import { assignWeights, copyWeights, WeightAverage } from './weightAverage.ts';

export interface TrainOptions<Batch> {
  model: TrainableModel<Batch>;
  batches: Batches<Batch>;
  /** Optimizer of `model.variables`. */
  optimizer: Optimizer;
  /** Total number of steps, including those of `resume`. */
  steps: number;
  /** Learning rate of each step; default: that of the optimizer. */
  schedule?: Schedule | undefined;
  /** Lowers the learning rate when the validation loss stays high; multiplies the schedule. */
  plateau?: PlateauOptions | undefined;
  /** Samples of a whole batch: the gradients of a batch of fewer are scaled down in proportion. Default: no scaling. */
  fullWeight?: number | undefined;
  validation?: ValidationOptions<Batch> | undefined;
  /** Decay of the exponential moving average of the weights, from 0 to below 1. Validation and result use the average. Default: none. */
  average?: number | undefined;
  /** Ends the training after this time, including that of `resume`. */
  timeLimitMs?: number | undefined;
  /** Ends the training after the current step. */
  signal?: AbortSignal | undefined;
  /** Weights, optimizer and progress to continue from; the same settings continue to the same bits. */
  resume?: Checkpoint | undefined;
  /** Called after each step; a returned promise is awaited before the next step. */
  onStep?: ((step: TrainStep<Batch>) => unknown) | undefined;
  /** Called after each validation. */
  onValidation?: ((validation: Validation & { best: boolean }) => void) | undefined;
}

/** A completed step. Its functions read from the backend: call them only if the values are needed, before the next step. */
export interface TrainStep<Batch> {
  /** 0, 1, 2, ... */
  step: number;
  batch: Batch;
  learningRate: number;
  /** @throws ResultError when the training has diverged */
  loss: () => number;
  /** The losses of all steps so far. */
  losses: () => readonly number[];
  /** @throws ResultError when the training has diverged */
  checkpoint: () => Checkpoint;
}

/** Why a training ended: all steps done, no better validation, time limit, signal. */
export type Ending = 'steps' | 'early' | 'time' | 'signal';

export interface TrainResult {
  /** Number of completed steps. */
  step: number;
  /** The loss of each step, before its update. */
  losses: Float32Array;
  validations: Validation[];
  /** The best validation, whose weights the model has; null without validation. */
  best: Validation | null;
  ended: Ending;
  /** Time of all steps and validations, including that of `resume`. */
  elapsedMs: number;
  /** State after the last step, before averaged or best weights were assigned. */
  checkpoint: Checkpoint;
}

/** Milliseconds between yields to the event loop. */
const YIELD_INTERVAL_MS = 50;

/**
 * Trains a model: each step takes a batch, computes the loss and its gradients, and updates the weights.
 *
 * Deterministic: the same model, batches and settings give the same bits on the same machine and backend, resumed or not, unless the
 * time limit ends it. Afterwards the model has the weights of the best validation, or else the averaged ones, or else those of the last step.
 *
 * @throws ResultError naming step and batch when a loss is not finite, the loss has grown out of proportion, or the last update made a
 *   weight infinite; ConfigError for settings out of range; ModelError for a checkpoint of another model
 */
export async function train<Batch>(options: TrainOptions<Batch>): Promise<TrainResult> {
  const { model, batches, optimizer, steps, fullWeight, signal, resume, onStep } = options;
  checkOptions(options);
  if (resume) restore(options, resume);
  const schedule = options.schedule ?? constantSchedule(optimizer.learningRate);
  const losses = new LossRecord(resume?.losses, (step) => batches.describe?.(step));
  const average =
    options.average === undefined
      ? null
      : new WeightAverage(model.variables, options.average, resume?.step ?? 0, resume?.average ?? null);
  const monitor = options.validation && new ValidationMonitor(options.validation, resume ?? null);
  const plateau = options.plateau && new PlateauRate(options.plateau, resume?.plateau ?? null);
  const started = performance.now() - (resume?.elapsedMs ?? 0);
  const elapsed = (): number => performance.now() - started;
  let nextYield = performance.now() + YIELD_INTERVAL_MS;
  let step = resume?.step ?? 0;
  let ended: Ending = 'steps';

  const checkpoint = (): Checkpoint => {
    const known = Float32Array.from(losses.read());
    checkWeights(model.variables, step, batches);
    return {
      step,
      losses: known,
      weights: copyWeights(model.variables),
      optimizer: optimizer.state(),
      average: average?.copy() ?? null,
      validations: [...(monitor?.validations ?? [])],
      best: monitor?.best ?? null,
      plateau: plateau?.state() ?? null,
      carry: model.state?.() ?? null,
      elapsedMs: elapsed(),
    };
  };
  const validate = (): void => {
    if (!monitor) return;
    losses.read();
    const swap = average?.swapIn();
    try {
      const loss = monitor.evaluate(model, step);
      plateau?.add(loss);
      const best = monitor.add({ step, loss }, model.variables);
      options.onValidation?.({ step, loss, best });
    } finally {
      swap?.();
    }
  };

  try {
    for (; step < steps;) {
      if (monitor?.exhausted) ended = 'early';
      else if (signal?.aborted) ended = 'signal';
      else if (options.timeLimitMs !== undefined && elapsed() >= options.timeLimitMs) ended = 'time';
      if (ended !== 'steps') break;
      const learningRate = schedule(step) * (plateau?.factor ?? 1);
      optimizer.learningRate = learningRate;
      const batch = batches.batch(step);
      const loss = tidy(() => {
        const result = model.lossAndGradients(batch, { step, training: true });
        const share = fullWeight === undefined ? 1 : (result.weight ?? 1) / fullWeight;
        optimizer.apply(share < 1 ? result.gradients.map((part) => mul(part, share)) : result.gradients);
        return result.loss;
      });
      losses.push(loss);
      average?.update();
      step++;
      if (monitor && (step % monitor.every === 0 || step === steps)) validate();
      if (onStep) {
        const done = step - 1;
        const answer = onStep({
          step: done,
          batch,
          learningRate,
          loss: () => losses.read()[done],
          losses: () => losses.read(),
          checkpoint,
        });
        if (answer instanceof Promise) await answer;
      }
      if (performance.now() >= nextYield) {
        losses.read();
        await yieldToEventLoop();
        nextYield = performance.now() + YIELD_INTERVAL_MS;
      }
    }
    // A validation of the last step belongs to the result, also when the time is over before it was due.
    if (monitor && step > 0 && monitor.validations.at(-1)?.step !== step && ended === 'time') validate();
    const last = checkpoint();
    if (monitor?.best) assignWeights(model.variables, monitor.best.weights);
    else average?.assign();
    checkWeights(model.variables, step, batches);
    if (step > (resume?.step ?? 0)) {
      const again = batches.batch(step - 1);
      losses.finish(
        tidy(() => {
          const { loss } = model.lossAndGradients(again, { step, training: false });
          return loss.dataSync<'float32'>()[0];
        }),
      );
    }
    return {
      step,
      losses: last.losses,
      validations: last.validations,
      best: monitor?.best ? { step: monitor.best.step, loss: monitor.best.loss } : null,
      ended,
      elapsedMs: last.elapsedMs,
      checkpoint: last,
    };
  } finally {
    average?.dispose();
    losses.dispose();
  }
}

function checkOptions<Batch>({ steps, resume, plateau, validation, fullWeight }: TrainOptions<Batch>): void {
  if (!Number.isSafeInteger(steps) || steps < 0) {
    throw new ConfigError(`train: expected a whole number of steps, got ${steps}; correct the setting`);
  }
  if (resume && resume.step > steps) {
    throw new ConfigError(
      `train: expected at least the ${resume.step} completed steps, got ${steps}; raise training.steps`,
    );
  }
  if (plateau && !validation) {
    throw new ConfigError(
      'train: expected validation batches for the plateau schedule, got none; add validation data or use another schedule',
    );
  }
  if (fullWeight !== undefined && !(fullWeight > 0)) {
    throw new ConfigError(
      `train: expected a number above 0 as the samples of a whole batch, got ${fullWeight}; correct the setting`,
    );
  }
}

/** Restores weights, optimizer and carried state. */
function restore<Batch>({ model, optimizer }: TrainOptions<Batch>, checkpoint: Checkpoint): void {
  const sizes = model.variables.map(({ size }) => size);
  const given = checkpoint.weights.map(({ length }) => length);
  if (sizes.join() !== given.join()) {
    throw new ModelError(
      `checkpoint: expected weights of ${sizes.join(', ')} numbers, got ${given.join(', ')}; resume with the model that started the run`,
    );
  }
  assignWeights(model.variables, checkpoint.weights);
  optimizer.restore(checkpoint.optimizer);
  model.restore?.(checkpoint.carry);
}

/** @throws ResultError if an update made a weight infinite or NaN */
function checkWeights<Batch>(variables: readonly Variable[], step: number, batches: Batches<Batch>): void {
  const finite = variables.every((weight) => weight.dataSync<'float32'>().every(Number.isFinite));
  if (finite) return;
  const batch = step > 0 ? batches.describe?.(step - 1) : undefined;
  throw new ResultError(
    `training step ${step - 1} (counted from 0)${batch === undefined ? '' : `, ${batch}`}: expected finite weights after the update, got infinite or NaN ones: the training diverged; lower training.learningRate, clip the gradients, or scale the data`,
  );
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
