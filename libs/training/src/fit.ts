import { ConfigError } from '@onda/contract';
import type { LossKind } from '@onda/kernels';
import type { LossSpec, Net } from '@onda/nets';
import type { Chunk, ChunkSource } from '@onda/series';
import type { NetBatch } from './netModels.ts';
import { carryModel } from './netModels.ts';
import type { Optimizer } from './optimizer.ts';
import type { Schedule } from './schedules.ts';
import { train } from './train.ts';
import type { CarriedState } from './trainableModel.ts';
import { copyWeights } from './weightAverage.ts';

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

/** Progress of a fit: with net and optimizer all that `fit` needs to resume. */
export interface FitProgress {
  /** Number of completed steps. */
  step: number;
  /** The loss of each completed step, before its update. */
  losses: Float32Array;
  /** The initial state of the next chunk; null for zeros. */
  carry: CarriedState | null;
}

export interface FitResult extends FitProgress {
  /** Whether the signal ended the fit before its last step. */
  stopped: boolean;
}

/**
 * Trains a net on the chunks of a source, in order: `train` with `carryModel`.
 *
 * @throws ResultError naming the step when the training diverges; ConfigError or ShapeError for a net, data or state that do not match
 */
export async function fit(options: FitOptions): Promise<FitResult> {
  const { net, source, optimizer, steps, loss, carry, schedule, resume, onStep, signal } = options;
  const { features, outputs } = net.spec;
  if (source.features !== features || source.outputs !== outputs) {
    throw new ConfigError(
      `fit: expected data of ${features} features and ${outputs} outputs like the net, got ${source.features} and ${source.outputs}; build the net for its data`,
    );
  }
  const model = carryModel(net, { loss, carry });
  try {
    const { checkpoint, ended } = await train<NetBatch>({
      model,
      batches: { batch: (step) => source.chunk(step) },
      optimizer,
      steps,
      schedule,
      signal,
      resume: resume && {
        ...resume,
        weights: copyWeights(net.variables),
        optimizer: optimizer.state(),
        average: null,
        validations: [],
        best: null,
        plateau: null,
        elapsedMs: 0,
      },
      onStep:
        onStep &&
        (({ step, batch, loss: read, losses }) =>
          onStep({
            step,
            chunk: batch,
            loss: read,
            prediction: () => model.prediction() ?? new Float32Array(0),
            progress: () => ({
              step: step + 1,
              losses: Float32Array.from(losses()),
              carry: model.state?.() ?? null,
            }),
          })),
    });
    return {
      step: checkpoint.step,
      losses: checkpoint.losses,
      carry: checkpoint.carry,
      stopped: ended !== 'steps',
    };
  } finally {
    model.dispose();
  }
}
