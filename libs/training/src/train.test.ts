import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { ConfigError, ModelError, ResultError } from '@onda/contract';
import { openWasmBackend } from '@onda/kernels';
import { Net } from '@onda/nets';
import { createRandom, createSource } from '@onda/series';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Checkpoint } from './checkpoint.ts';
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';
import type { NetBatch, NetModel, WindowTraining } from './netModels.ts';
import { windowModel } from './netModels.ts';
import { Optimizer } from './optimizer.ts';
import { cosineSchedule } from './schedules.ts';
import type { TrainOptions } from './train.ts';
import { train } from './train.ts';
import type { TrainableModel } from './trainableModel.ts';

beforeAll(async () => {
  await openWasmBackend();
});

/** One weight w, whose loss for a batch of target t is (w - t) ^ 2. */
class Target implements TrainableModel<number> {
  readonly weight = tf.tidy((): Variable => tf.variable(tf.tensor([0])));
  readonly variables = [this.weight];

  lossAndGradients(target: number): { loss: Scalar; gradients: Tensor[]; weight: number } {
    const error = tf.sub(this.weight, target);
    return { loss: tf.sum<Scalar>(tf.square(error)), gradients: [tf.mul(error, 2)], weight: 5 };
  }

  get value(): number {
    return this.weight.dataSync()[0];
  }
}

const constant = { batch: () => 1, describe: (step: number) => `batch ${step}` };

describe(train, () => {
  let model: Target;
  let optimizer: Optimizer;
  let options: TrainOptions<number>;
  beforeEach(() => {
    model = new Target();
    optimizer = new Optimizer({ kind: 'sgd', learningRate: 0.1 }, model.variables);
    options = { model, batches: constant, optimizer, steps: 20 };
  });
  afterEach(() => {
    optimizer.dispose();
    tf.dispose(model.variables);
  });

  it('updates the weights and counts the steps', async () => {
    const { step, losses, ended, best } = await train(options);
    expect([step, losses.length, ended, best]).toEqual([20, 20, 'steps', null]);
    // Each step leaves 0.8 of the error.
    expect(model.value).toBeCloseTo(1 - 0.8 ** 20, 6);
  });

  it('weights a step by its samples', async () => {
    await train({ ...options, steps: 1, fullWeight: 20 });
    // The batch has 5 of 20 samples: a quarter of the step of 0.2.
    expect(model.value).toBeCloseTo(0.05, 6);
    await train({ ...options, steps: 1, fullWeight: 5 });
    expect(model.value).toBeCloseTo(0.05 + 0.95 * 0.2, 6);
  });

  it('returns the averaged weights, and keeps the others for resuming', async () => {
    const { checkpoint } = await train({ ...options, average: 0.5 });
    // a += (1 - d) (w - a) with d the smaller of 0.5 and (1 + t) / (10 + t).
    let [w, a] = [0, 0];
    for (let step = 0; step < 20; step++) {
      w += 0.2 * (1 - w);
      a += (1 - Math.min(0.5, (1 + step) / (10 + step))) * (w - a);
    }
    expect(model.value).toBeCloseTo(a, 5);
    expect(checkpoint.weights[0][0]).toBeCloseTo(w, 5);
    expect(checkpoint.average?.[0][0]).toBeCloseTo(a, 5);
  });

  it('returns the weights of the best validation and ends early', async () => {
    const seen: [number, boolean][] = [];
    // The validation target is passed on the way to the training target.
    const { step, ended, best, validations } = await train({
      ...options,
      steps: 1000,
      validation: { batches: [0.6], every: 2, patience: 3 },
      onValidation: (validation) => seen.push([validation.step, validation.best]),
    });
    // Errors after 2, 4, 6 ... steps: the weight is 0.36, 0.59, 0.74 ...
    expect(best?.step).toBe(4);
    expect([step, ended]).toEqual([10, 'early']);
    expect(seen).toEqual([
      [2, true],
      [4, true],
      [6, false],
      [8, false],
      [10, false],
    ]);
    expect(validations).toHaveLength(5);
    expect(model.value).toBeCloseTo(1 - 0.8 ** 4, 6);
  });

  it('counts only improvements of at least minDelta', async () => {
    const { step } = await train({
      ...options,
      steps: 1000,
      validation: { batches: [1], every: 1, patience: 2, minDelta: 0.1, restoreBest: false },
    });
    // Losses 0.64, 0.41, 0.26, 0.17, 0.11, 0.07: 0.41 and 0.26 improve by more than 0.1; then 0.11 does over 0.26; two more do not.
    expect(step).toBe(7);
    expect(model.value).toBeCloseTo(1 - 0.8 ** 7, 6);
  });

  it('lowers the learning rate on a plateau', async () => {
    const rates: number[] = [];
    await train({
      ...options,
      steps: 6,
      validation: { batches: [-10], every: 1 },
      plateau: { factor: 0.5, patience: 2, minFactor: 0.25 },
      onStep: ({ learningRate }) => rates.push(learningRate),
    });
    // The validation loss only grows: the first is the best one.
    expect(rates).toEqual([0.1, 0.1, 0.1, 0.05, 0.05, 0.025]);
  });

  it('ends at the time limit', async () => {
    const { ended, step } = await train({
      ...options,
      steps: 1e9,
      timeLimitMs: 5,
      onStep: () => new Promise((resolve) => setTimeout(resolve, 1)),
    });
    expect(ended).toBe('time');
    expect(step).toBeLessThan(100);
  });

  it('names step and batch when the loss is not finite', async () => {
    const batches = { ...constant, batch: (step: number) => (step === 3 ? NaN : 1) };
    await expect(train({ ...options, batches })).rejects.toThrow(
      new ResultError(
        'training step 3 (counted from 0), batch 3: expected a finite loss, got NaN: the training diverged; lower training.learningRate, clip the gradients, or scale the data',
      ),
    );
  });

  it('names step and batch when the last update made a weight infinite', async () => {
    const huge = new Optimizer({ kind: 'sgd', learningRate: 3e38 }, model.variables);
    const { numTensors } = tf.memory();
    await expect(train({ ...options, optimizer: huge, steps: 1 })).rejects.toThrow(
      new ResultError(
        'training step 0 (counted from 0), batch 0: expected finite weights after the update, got infinite or NaN ones: the training diverged; lower training.learningRate, clip the gradients, or scale the data',
      ),
    );
    expect(tf.memory().numTensors).toBe(numTensors);
    huge.dispose();
  });

  it.each<[Partial<TrainOptions<number>>, string]>([
    [{ steps: 1.5 }, 'train: expected a whole number of steps, got 1.5; correct the setting'],
    [{ average: 1 }, 'weight average: expected a decay from 0 to below 1, got 1; correct the setting'],
    [
      { plateau: { factor: 0.5, patience: 1 } },
      'train: expected validation batches for the plateau schedule, got none; add validation data or use another schedule',
    ],
    [
      { validation: { batches: [], every: 1 } },
      'validation: expected at least one batch, got none; add validation data',
    ],
    [
      { validation: { batches: [1], every: 0 } },
      'validation: expected a whole number of at least 1 as every, got 0; correct the setting',
    ],
  ])('rejects %j', async (more, message) => {
    await expect(train({ ...options, ...more })).rejects.toThrow(new ConfigError(message));
  });

  it('rejects the checkpoint of another model', async () => {
    const { checkpoint } = await train({ ...options, steps: 1 });
    const resume = { ...checkpoint, weights: [new Float32Array(2)] };
    await expect(train({ ...options, resume })).rejects.toThrow(
      new ModelError(
        'checkpoint: expected weights of 1 numbers, got 2; resume with the model that started the run',
      ),
    );
  });
});

/** A small net on windows of a noisy sine. */
function smallTraining(more: WindowTraining): {
  model: NetModel<NetBatch>;
  net: Net;
  options: TrainOptions<NetBatch>;
  dispose(): void;
} {
  const random = createRandom(1);
  const net = Net.create({ cell: 'gru', units: 4, layers: 1, features: 1, outputs: 1 }, (low, high) =>
    random.uniform(low, high),
  );
  const source = createSource({ data: { kind: 'sine', samples: 6 }, lag: 1, seed: 0 });
  const windows = source.windows({ window: 10, warmup: 2, batch: 3, seed: 4, draw: 'windows' })!;
  const model = windowModel(net, { seed: 7, ...more });
  const optimizer = new Optimizer({ kind: 'adam', learningRate: 0.01 }, net.variables);
  return {
    model,
    net,
    options: {
      model,
      batches: windows.training,
      optimizer,
      steps: 14,
      schedule: cosineSchedule(0.01, 14),
      average: 0.9,
      validation: { batches: [windows.training.at([{ series: 0, start: 3 }])], every: 3, patience: 3 },
      plateau: { factor: 0.5, patience: 1 },
    },
    dispose() {
      optimizer.dispose();
      model.dispose();
      net.dispose();
    },
  };
}

describe(windowModel, () => {
  it.each<[string, WindowTraining]>([
    ['plain windows', {}],
    ['input noise', { noise: 0.1 }],
    ['scheduled sampling', { scheduledSampling: { final: 0.5, steps: 10, lag: 1 } }],
    ['a closed loop in the loss', { feedback: { samples: 4, lag: 1, start: 3, end: 8 } }],
  ])('resumes from every checkpoint to the same bits: %s', async (_what, more) => {
    const whole = smallTraining(more);
    const checkpoints: Uint8Array[] = [];
    const expected = await train({
      ...whole.options,
      onStep: ({ checkpoint }) => checkpoints.push(encodeCheckpoint(checkpoint())),
    });
    const bits = (checkpoint: Checkpoint): unknown => ({ ...checkpoint, elapsedMs: 0 });
    for (const at of [0, 4, checkpoints.length - 2, checkpoints.length - 1]) {
      const again = smallTraining(more);
      const { checkpoint } = decodeCheckpoint(checkpoints[at], 'test');
      const result = await train({ ...again.options, resume: checkpoint });
      expect(bits(result.checkpoint)).toEqual(bits(expected.checkpoint));
      expect(again.net.variables.map((weight) => weight.dataSync())).toEqual(
        whole.net.variables.map((weight) => weight.dataSync()),
      );
      again.dispose();
    }
    whole.dispose();
  });

  it('leaks no tensor', async () => {
    const { numTensors } = tf.memory();
    const small = smallTraining({ feedback: { samples: 4, lag: 1 }, noise: 0.1 });
    await train(small.options);
    small.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('rejects settings out of range', () => {
    expect(() => smallTraining({ noise: NaN })).toThrow(ConfigError);
    expect(() => smallTraining({ scheduledSampling: { final: 2, steps: 1, lag: 1 } })).toThrow(ConfigError);
  });
});
