import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, ModelError, ShapeError } from '@onda/contract';
import { openWasmBackend, optimizerKernelName } from '@onda/kernels';
import type { OptimizerOptions } from './optimizer.ts';
import { Optimizer } from './optimizer.ts';

/** Measured 3e-7 over 12 steps: float32 rounding of weights of about 1. */
const STEP_ATOL = 1e-6;

const runsFile = new URL('./testing/torchOptimizers.json', import.meta.url);
const runs = (
  JSON.parse(readFileSync(runsFile, 'utf8')) as {
    cases: { options: OptimizerOptions; weights: number[][] }[];
  }
).cases;
const named = runs.map((run) => [JSON.stringify(run.options), run] as const);

let variables: Variable[];

beforeAll(async () => {
  await openWasmBackend();
});

beforeEach(() => {
  tf.disposeVariables();
  const start = Array.from({ length: 10 }, (_, i) => Math.cos(i));
  variables = tf.tidy(() => [
    tf.variable(tf.tensor2d(start.slice(0, 6), [2, 3])),
    tf.variable(tf.tensor1d(start.slice(6))),
  ]);
});

/** The gradients of torchOptimizers.py. */
function gradientsAt(step: number): Tensor[] {
  const gradient = Array.from({ length: 10 }, (_, i) => (3 * Math.sin(1.7 * i + 0.9 * step)) / step);
  return [tf.tensor2d(gradient.slice(0, 6), [2, 3]), tf.tensor1d(gradient.slice(6))];
}

function applySteps(optimizer: Optimizer, first: number, last: number): number[][] {
  const trace: number[][] = [];
  for (let step = first; step <= last; step++) {
    tf.tidy(() => {
      optimizer.apply(gradientsAt(step));
    });
    trace.push(flatValues(variables));
  }
  return trace;
}

const flatValues = (tensors: readonly Tensor[]): number[] =>
  tensors.flatMap((tensor) => [...tensor.dataSync()]);

const worst = (a: number[][], b: number[][]): number =>
  Math.max(...a.flatMap((row, step) => row.map((value, i) => Math.abs(value - b[step][i]))));

describe(Optimizer, () => {
  it.each(named)('updates weights like PyTorch: %s', (_name, run) => {
    const optimizer = new Optimizer(run.options, variables);
    expect(worst(applySteps(optimizer, 1, 12), run.weights)).toBeLessThan(STEP_ATOL);
    optimizer.dispose();
  });

  it('resumes from a saved state with the same bits', () => {
    const options = { kind: 'adam', learningRate: 0.01 } as const;
    const first = new Optimizer(options, variables);
    applySteps(first, 1, 5);
    const saved = first.state();
    const middle = variables.map((weight) => weight.clone());
    const straight = applySteps(first, 6, 9);
    for (const [index, weight] of variables.entries()) weight.assign(middle[index]);
    const second = new Optimizer(options, variables);
    second.restore(saved);
    expect(second.step).toBe(5);
    expect(applySteps(second, 6, 9)).toEqual(straight);
    expect(first.state()).toEqual(second.state());
  });

  it('does not change a saved state in later steps', () => {
    const optimizer = new Optimizer({ kind: 'sgd', learningRate: 0.1, momentum: 0.9 }, variables);
    applySteps(optimizer, 1, 1);
    const saved = optimizer.state();
    const copy = Float32Array.from(saved.slots);
    applySteps(optimizer, 2, 3);
    expect(saved).toEqual({ kind: 'sgd', step: 1, slots: copy });
  });

  it('does not change values that were read before', () => {
    const before = variables[0].dataSync();
    const copy = Float32Array.from(before);
    applySteps(new Optimizer({ kind: 'adam', learningRate: 0.1 }, variables), 1, 2);
    expect(before).toEqual(copy);
    expect(variables[0].dataSync()).not.toEqual(copy);
  });

  it('accepts a new learning rate between steps', () => {
    const optimizer = new Optimizer({ kind: 'adam', learningRate: 0.1 }, variables);
    const [before] = applySteps(optimizer, 1, 1);
    optimizer.learningRate = 0;
    expect(applySteps(optimizer, 2, 2)[0]).toEqual(before);
  });

  it('leaks no tensor', () => {
    const optimizer = new Optimizer({ kind: 'adam', learningRate: 0.1, clipNorm: 1 }, variables);
    applySteps(optimizer, 1, 1);
    const { numTensors } = tf.memory();
    applySteps(optimizer, 2, 4);
    expect(tf.memory().numTensors).toBe(numTensors);
    optimizer.dispose();
    expect(tf.memory().numTensors).toBe(numTensors - 1);
  });

  it('rejects gradients that do not match the variables', () => {
    const optimizer = new Optimizer({ kind: 'sgd', learningRate: 1 }, variables);
    const [a, b] = gradientsAt(1);
    expect(() => {
      optimizer.apply([a]);
    }).toThrow(
      new ShapeError('optimizer: expected 2 gradients, one per variable, got 1; pass all of them, in order'),
    );
    expect(() => {
      optimizer.apply([b, a]);
    }).toThrow(
      new ShapeError(
        `optimizer: gradient of "${variables[0].name}": expected shape [2, 3], got [4]; pass gradients in the order of the variables`,
      ),
    );
  });

  it('rejects the state of another optimizer or net', () => {
    const state = new Optimizer({ kind: 'sgd', learningRate: 1 }, variables).state();
    expect(() => {
      new Optimizer({ kind: 'adam', learningRate: 1 }, variables).restore(state);
    }).toThrow(
      new ModelError(
        'optimizer state: expected that of adam, got sgd; resume with the optimizer that started the run',
      ),
    );
    expect(() => {
      new Optimizer({ kind: 'sgd', learningRate: 1 }, variables.slice(1)).restore(state);
    }).toThrow(
      new ModelError('optimizer state: expected 4 numbers, got 10; resume with the net that started the run'),
    );
  });

  it('rejects a backend without a kernel and says what to register', async () => {
    tf.registerBackend('plain', tf.findBackendFactory('cpu'));
    tf.copyRegisteredKernels('cpu', 'plain');
    tf.unregisterKernel(optimizerKernelName, 'plain');
    await tf.setBackend('plain');
    const weights = [tf.variable(tf.ones([2]))];
    const optimizer = new Optimizer({ kind: 'sgd', learningRate: 1 }, weights);
    expect(() => {
      optimizer.apply([tf.ones([2])]);
    }).toThrow(
      new ConfigError(
        `TensorFlow.js backend "plain": expected a kernel OndaOptimizer, got none; call openWasmBackend of @onda/kernels, or openBackend of @onda/tfjs-native in Node`,
      ),
    );
    await openWasmBackend();
  });

  it.each([
    [{ learningRate: -1 }, 'learningRate: expected a number of at least 0, got -1'],
    [{ learningRate: NaN }, 'learningRate: expected a number of at least 0, got NaN'],
    [{ beta1: 1 }, 'beta1: expected a number from 0 to below 1, got 1'],
    [{ epsilon: -1e-8 }, 'epsilon: expected a number of at least 0, got -1e-8'],
    [{ clipNorm: Infinity }, 'clipNorm: expected a number of at least 0 (0: no clipping), got Infinity'],
  ])('rejects %o', (setting, message) => {
    expect(() => new Optimizer({ kind: 'adam', learningRate: 0.1, ...setting }, variables)).toThrow(
      new ConfigError(`optimizer adam: ${message}; correct the setting`),
    );
  });
});
