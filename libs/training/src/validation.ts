import type { Variable } from '@tensorflow/tfjs-core';
import { tidy } from '@tensorflow/tfjs-core';
import { ConfigError, ResultError } from '@onda/contract';
import type { TrainableModel } from './trainableModel.ts';
import { copyWeights } from './weightAverage.ts';

/** Loss of the validation batches after a number of steps. */
export interface Validation {
  step: number;
  loss: number;
}

/** The best validation and its weights. */
export interface BestWeights extends Validation {
  weights: Float32Array[];
}

export interface ValidationOptions<Batch> {
  /** The same batches each time. */
  batches: readonly Batch[];
  /** Steps between two validations; the last step is validated too. */
  every: number;
  /** Ends the training after this many validations without improvement; default: never. */
  patience?: number | undefined;
  /** An improvement is a loss lower by more than this; default 0. */
  minDelta?: number | undefined;
  /** Whether the result has the weights of the best validation; default true. */
  restoreBest?: boolean | undefined;
}

/** Validates a training, keeps the best weights and ends it early. */
export class ValidationMonitor<Batch> {
  readonly every: number;
  readonly validations: Validation[];
  /** Null before the first validation, or if the best weights are not wanted. */
  best: BestWeights | null;
  private readonly options: ValidationOptions<Batch>;

  /**
   * @param resume validations and best weights of a checkpoint
   * @throws ConfigError for settings out of range
   */
  constructor(
    options: ValidationOptions<Batch>,
    resume: { validations: readonly Validation[]; best: BestWeights | null } | null,
  ) {
    const { every, patience, minDelta = 0, batches } = options;
    if (batches.length === 0) {
      throw new ConfigError('validation: expected at least one batch, got none; add validation data');
    }
    for (const [name, value] of Object.entries({ every, patience })) {
      if (value === undefined || (Number.isSafeInteger(value) && value >= 1)) continue;
      throw new ConfigError(
        `validation: expected a whole number of at least 1 as ${name}, got ${value}; correct the setting`,
      );
    }
    if (!(minDelta >= 0)) {
      throw new ConfigError(
        `validation: expected a number of at least 0 as minDelta, got ${minDelta}; correct the setting`,
      );
    }
    this.options = options;
    this.every = every;
    this.validations = [...(resume?.validations ?? [])];
    this.best = resume?.best ?? null;
  }

  /** Whether `patience` validations have passed since the last improvement. */
  get exhausted(): boolean {
    const { patience, minDelta = 0 } = this.options;
    if (patience === undefined) return false;
    let least = Infinity;
    let waited = 0;
    for (const { loss } of this.validations) {
      waited = loss < least - minDelta ? 0 : waited + 1;
      if (waited === 0) least = loss;
    }
    return waited >= patience;
  }

  /**
   * The mean loss of the validation batches, weighted by their samples.
   *
   * @throws ResultError if it is not finite
   */
  evaluate(model: TrainableModel<Batch>, step: number): number {
    let sum = 0;
    let total = 0;
    for (const batch of this.options.batches) {
      tidy(() => {
        const { loss, weight = 1 } = model.lossAndGradients(batch, { step, training: false });
        sum += weight * loss.dataSync<'float32'>()[0];
        total += weight;
      });
    }
    const mean = sum / total;
    if (Number.isFinite(mean)) return mean;
    throw new ResultError(
      `validation after ${step} steps: expected a finite loss, got ${mean}: the training diverged; lower training.learningRate, clip the gradients, or scale the data`,
    );
  }

  /** Records a validation; returns whether it is the best so far. */
  add(validation: Validation, variables: readonly Variable[]): boolean {
    const least = this.validations.reduce((low, { loss }) => Math.min(low, loss), Infinity);
    this.validations.push(validation);
    if (validation.loss >= least) return false;
    if (this.options.restoreBest ?? true) this.best = { ...validation, weights: copyWeights(variables) };
    return true;
  }
}

export interface PlateauOptions {
  /** The learning rate is multiplied by it, above 0 and below 1. */
  factor: number;
  /** Validations without improvement before the rate is lowered. */
  patience: number;
  /** An improvement is a loss lower by more than this; default 0. */
  minDelta?: number | undefined;
  /** Lower bound of the factor on the schedule; default 0. */
  minFactor?: number | undefined;
}

/** State of a plateau schedule, for a checkpoint. */
export interface PlateauState {
  factor: number;
  least: number | null;
  waited: number;
}

/** Lowers the learning rate when the validation loss does not improve (Keras: ReduceLROnPlateau). */
export class PlateauRate {
  /** Factor of the schedule. */
  factor: number;
  private readonly options: PlateauOptions;
  private least: number;
  private waited: number;

  /** @throws ConfigError for settings out of range */
  constructor(options: PlateauOptions, resume: PlateauState | null) {
    this.options = options;
    const { factor, patience } = options;
    if (!(factor > 0 && factor < 1)) {
      throw new ConfigError(
        `plateau schedule: factor: expected a number above 0 and below 1, got ${factor}; correct the schedule`,
      );
    }
    if (!Number.isSafeInteger(patience) || patience < 1) {
      throw new ConfigError(
        `plateau schedule: patience: expected a whole number of at least 1, got ${patience}; correct the schedule`,
      );
    }
    this.factor = resume?.factor ?? 1;
    this.least = resume?.least ?? Infinity;
    this.waited = resume?.waited ?? 0;
  }

  /** Adds a validation loss. */
  add(loss: number): void {
    const { factor, patience, minDelta = 0, minFactor = 0 } = this.options;
    if (loss < this.least - minDelta) {
      this.least = loss;
      this.waited = 0;
      return;
    }
    this.waited++;
    if (this.waited < patience) return;
    this.factor = Math.max(minFactor, this.factor * factor);
    this.waited = 0;
  }

  state(): PlateauState {
    return {
      factor: this.factor,
      least: Number.isFinite(this.least) ? this.least : null,
      waited: this.waited,
    };
  }
}
