import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, ModelError, ResultError, ShapeError } from '@onda/contract';
import { openWasmBackend } from '@onda/kernels';
import type { Net } from '@onda/nets';
import type { ChunkSource } from '@onda/series';
import type { FitProgress, FitStep } from './fit.ts';
import { fit } from './fit.ts';
import { Optimizer } from './optimizer.ts';
import { stepSchedule } from './schedules.ts';
import type { SmallFit } from './testing/smallFit.ts';
import { smallFit } from './testing/smallFit.ts';

const video = { kind: 'video-clips', clips: 5, batch: 2, frames: 4 };
let small: SmallFit;

beforeAll(async () => {
  await openWasmBackend();
});

beforeEach(() => {
  small = smallFit();
});

afterEach(() => {
  small.dispose();
});

const weights = (net: Net): number[][] => net.variables.map((weight) => [...weight.dataSync()]);

describe(fit, () => {
  it('lowers the loss', async () => {
    const { losses, step, stopped } = await fit({ ...small, steps: 150, carry: true });
    expect({ step, stopped }).toEqual({ step: 150, stopped: false });
    expect(losses).toHaveLength(150);
    expect(losses[149]).toBeLessThan(losses[0] / 5);
  });

  it('gives the same bits for the same initial weights', async () => {
    const again = smallFit();
    const first = await fit({ ...small, steps: 20, carry: true });
    expect(await fit({ ...again, steps: 20, carry: true })).toEqual(first);
    expect(weights(again.net)).toEqual(weights(small.net));
    again.dispose();
  });

  it.each([
    ['a carried state', undefined, true],
    ['shuffled clips', video, false],
  ])('resumes from a checkpoint with the bits of an uninterrupted run: %s', async (_what, data, carry) => {
    const straight = smallFit(data);
    const expected = await fit({ ...straight, steps: 12, carry });

    const begun = smallFit(data);
    let resume: FitProgress | undefined;
    await fit({
      ...begun,
      steps: 5,
      carry,
      onStep: ({ progress }) => {
        resume = progress();
      },
    });
    expect(resume?.step).toBe(5);
    const result = await fit({ ...begun, steps: 12, carry, resume: resume! });

    expect(result).toEqual(expected);
    expect(weights(begun.net)).toEqual(weights(straight.net));
    expect(begun.optimizer.state()).toEqual(straight.optimizer.state());
    straight.dispose();
    begun.dispose();
  });

  it('starts a chunk from the state that the one before left', async () => {
    const { net, source } = small;
    const { carry } = await fit({ ...small, steps: 1, carry: true });
    const chunk = source.chunk(1);
    const expected = tf.tidy(() =>
      net
        .forward(tf.tensor3d(chunk.x, [1, 6, 1]), tf.tensor2d(carry!.values, [1, net.stateSize]))
        .y.dataSync(),
    );
    let prediction: Float32Array | undefined;
    const resume = { step: 1, losses: Float32Array.of(1), carry };
    await fit({
      ...small,
      steps: 2,
      carry: true,
      resume,
      onStep: (step) => (prediction = step.prediction()),
    });
    // float32 rounding of one read-out: its kernel and TF.js's product add up in another order.
    expected.forEach((value, index) => {
      expect(Math.abs(prediction![index] - value)).toBeLessThan(1e-6);
    });
  });

  it.each([
    ['nothing is carried', false, false],
    ['a sequence starts', true, true],
  ])('starts from zeros when %s', async (_what, carry, startsSequence) => {
    const { net, source } = small;
    const restarting: ChunkSource = {
      features: 1,
      outputs: 1,
      chunk: (step) => ({ ...source.chunk(step), startsSequence }),
    };
    await fit({ ...small, source: restarting, steps: 1, carry });
    const chunk = source.chunk(1);
    const expected = tf.tidy(() =>
      net.forward(tf.tensor3d(chunk.x, [1, 6, 1]), net.zeroState(1)).y.dataSync(),
    );
    const ends: unknown[] = [];
    const resume = {
      step: 1,
      losses: Float32Array.of(1),
      carry: { batch: 1, values: new Float32Array(net.stateSize).fill(0.5) },
    };
    const onStep = ({ prediction }: FitStep) => ends.push(prediction());
    await fit({ ...small, source: restarting, steps: 2, carry, resume, onStep });
    expect(ends).toEqual([expected]);
  });

  it('shows each step: its chunk, loss, prediction and progress', async () => {
    const seen: number[] = [];
    const { losses } = await fit({
      ...small,
      steps: 3,
      carry: true,
      onStep: ({ step, chunk, loss, prediction, progress }) => {
        expect(chunk).toEqual(small.source.chunk(step));
        const errors = prediction().map((value, i) => (value - chunk.y[i]) ** 2);
        // The mean of 6 float32 squares of about 1, each rounded to 6e-8.
        expect(loss()).toBeCloseTo(errors.reduce((sum, error) => sum + error, 0) / 6, 6);
        expect(progress()).toMatchObject({ step: step + 1, carry: { batch: 1 } });
        seen.push(loss());
      },
    });
    expect(Float32Array.from(seen)).toEqual(losses);
  });

  it('waits for a step that is answered with a promise', async () => {
    const order: string[] = [];
    await fit({
      ...small,
      steps: 2,
      carry: true,
      onStep: async ({ step, prediction }) => {
        order.push(`begin ${step}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
        order.push(`end ${step} with ${prediction().length}`);
      },
    });
    expect(order).toEqual(['begin 0', 'end 0 with 6', 'begin 1', 'end 1 with 6']);
  });

  it('lets timers run meanwhile', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await fit({ ...small, steps: 1e6, carry: true, signal: AbortSignal.timeout(300) });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(1);
  });

  it('ends after the running step when it is aborted', async () => {
    const controller = new AbortController();
    const onStep = ({ step }: { step: number }) => {
      if (step === 2) controller.abort();
    };
    const result = await fit({ ...small, steps: 10, carry: true, onStep, signal: controller.signal });
    expect(result).toMatchObject({ step: 3, stopped: true });
    expect(result.losses).toHaveLength(3);
    expect(small.optimizer.step).toBe(3);
  });

  it('follows a schedule', async () => {
    const rates: number[] = [];
    const onStep = () => rates.push(small.optimizer.learningRate);
    await fit({ ...small, steps: 4, carry: true, schedule: stepSchedule(0.1, 2, 0.5), onStep });
    expect(rates).toEqual([0.1, 0.1, 0.05, 0.05]);
  });

  it('names the first step whose loss is NaN', async () => {
    const source: ChunkSource = {
      features: 1,
      outputs: 1,
      chunk: (step) => ({
        ...small.source.chunk(step),
        ...(step === 2 && { y: new Float32Array(6).fill(NaN) }),
      }),
    };
    const { numTensors } = tf.memory();
    await expect(fit({ ...small, source, steps: 5, carry: true })).rejects.toThrow(
      new ResultError(
        'training step 2 (counted from 0): expected a finite loss, got NaN: the training diverged; lower training.learningRate, clip the gradients, or scale the data',
      ),
    );
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('names the step after which the loss stays out of proportion', async () => {
    const source: ChunkSource = {
      features: 1,
      outputs: 1,
      chunk: (step) => ({
        ...small.source.chunk(step),
        // A single peak is not a divergence.
        ...((step === 7 || step >= 12) && { y: new Float32Array(6).fill(1000) }),
      }),
    };
    await expect(fit({ ...small, source, steps: 100, carry: true })).rejects.toThrow(
      /^training step 7 \(counted from 0\): expected a loss near the first one \(0\.\d+\), got [\d.]+e\+5 and no lower than [\d.]+e\+5 in the last 20 steps: the training diverged/,
    );
    expect(await fit({ ...small, source, steps: 12, carry: true })).toMatchObject({ step: 12 });
  });

  it.each([1, 5, 40])('does not return weights that diverged in the last update, %d steps', async (steps) => {
    const optimizer = new Optimizer({ kind: 'sgd', learningRate: 1e38 }, small.net.variables);
    await expect(fit({ ...small, optimizer, steps, carry: true })).rejects.toThrow(ResultError);
    optimizer.dispose();
  });

  it('leaks no tensor', async () => {
    const { numTensors } = tf.memory();
    await fit({ ...small, steps: 30, carry: true });
    expect(tf.memory().numTensors).toBe(numTensors);
    const failing = fit({
      ...small,
      steps: 3,
      carry: true,
      onStep: () => {
        throw new Error('drawing failed');
      },
    });
    await expect(failing).rejects.toThrow('drawing failed');
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('rejects data of another width than the net', async () => {
    const { source } = smallFit(video);
    await expect(fit({ ...small, source, steps: 1, carry: true })).rejects.toThrow(
      new ConfigError(
        'fit: expected data of 1 features and 1 outputs like the net, got 4 and 4; build the net for its data',
      ),
    );
  });

  it('rejects fewer steps than completed', async () => {
    const resume = { step: 8, losses: new Float32Array(8), carry: null };
    await expect(fit({ ...small, steps: 7, carry: true, resume })).rejects.toThrow(
      new ConfigError('train: expected at least the 8 completed steps, got 7; raise training.steps'),
    );
    expect(await fit({ ...small, steps: 8, carry: true, resume })).toMatchObject({ step: 8, stopped: false });
  });

  it('rejects the state of another net', async () => {
    const carry = { batch: 1, values: new Float32Array(15) };
    const resume = { step: 1, losses: new Float32Array(1), carry };
    await expect(fit({ ...small, steps: 2, carry: true, resume })).rejects.toThrow(
      new ModelError(
        'carried state: expected 16 numbers [1, 16], got 15; resume with the net that started the run',
      ),
    );
  });

  it('rejects a carried state of another batch size', async () => {
    const chunk = small.source.chunk(1);
    const source: ChunkSource = {
      features: 1,
      outputs: 1,
      chunk: (step) => (step === 0 ? chunk : { ...chunk, batch: 2, time: 3 }),
    };
    await expect(fit({ ...small, source, steps: 2, carry: true })).rejects.toThrow(
      new ShapeError(
        'chunk of training step 1: expected a batch of 1 because its states are carried over, got 2; start a sequence there or keep the batch size',
      ),
    );
    expect(await fit({ ...small, source, steps: 2, carry: false })).toMatchObject({ step: 2 });
  });
});
