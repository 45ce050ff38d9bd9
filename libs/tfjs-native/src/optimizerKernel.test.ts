import type { Tensor } from '@tensorflow/tfjs-core';
import { memory, tensor, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { OptimizerAttributes, OptimizerKind } from '@onda/kernels';
import { optimizerDefaults, optimizerKernelName, slotCounts } from '@onda/kernels';
import { nativeKernelsHere, runKernel } from './testing/nativeKernelsHere.ts';
import type { OptimizerState } from './testing/referenceOptimizer.ts';
import { referenceOptimizer } from './testing/referenceOptimizer.ts';

const here = await nativeKernelsHere();

const shapes = [[3, 5], [1], [33]] as const;
const sizes = shapes.map((shape) => shape.reduce((size: number, dim) => size * dim, 1));
const total = sizes.reduce((sum, size) => sum + size, 0);
const STEPS = 10;

/** float32 rounding of weights of about 1, gathered over 10 steps: one unit in the last place is 6e-8 to 1.2e-7. */
const WEIGHT_ATOL = 1e-6;
/** The same for slots, which are sums of squares of up to 9. */
const SLOT_ATOL = 2e-6;

const wave = (count: number, phase: number): number[] =>
  Array.from({ length: count }, (_, index) => Math.fround(Math.sin(1 + 1.7 * index + phase)));

/** The values of all variables, one after the other, as tensors of their shapes. */
function asVariables(values: readonly number[]): Tensor[] {
  let at = 0;
  return shapes.map((shape, index) => tensor(values.slice(at, (at += sizes[index])), [...shape]));
}

function attributesOf(kind: OptimizerKind, more: Partial<OptimizerAttributes> = {}): OptimizerAttributes {
  return { ...optimizerDefaults, kind, learningRate: 0.01, step: 1, ...more };
}

function startState(kind: OptimizerKind): OptimizerState {
  return {
    weights: wave(total, 0),
    slots: Array.from({ length: slotCounts[kind] }, () => new Array<number>(total).fill(0)),
  };
}

/** The same steps by the kernel; its rounded results are the inputs of the next step. */
function kernelSteps(given: OptimizerAttributes): OptimizerState {
  let { weights, slots } = startState(given.kind);
  for (let step = 1; step <= STEPS; step++) {
    tidy(() => {
      const inputs = [...asVariables(weights), ...asVariables(wave(total, step)), tensor1d(slots.flat())];
      const outputs = runKernel(optimizerKernelName, inputs, { ...given, step });
      expect(outputs.map(({ shape }) => shape)).toEqual([...shapes, [slots.length * total]]);
      weights = outputs.slice(0, -1).flatMap((output) => Array.from(output.dataSync()));
      const flat = Array.from(outputs[shapes.length].dataSync());
      slots = slots.map((_, slot) => flat.slice(slot * total, (slot + 1) * total));
    });
  }
  return { weights, slots };
}

const largest = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((value, index) => Math.abs(value - b[index])));

describe.runIf(here)('OndaOptimizer', () => {
  const cases: Partial<OptimizerAttributes>[] = [
    {},
    { weightDecay: 0.1 },
    { clipNorm: 0.5 },
    {
      clipNorm: 1000,
      momentum: 0.9,
      learningRate: 0.003,
      beta1: 0.8,
      beta2: 0.99,
      smoothing: 0.9,
      epsilon: 1e-3,
    },
  ];
  for (const kind of ['adam', 'adamw', 'rmsprop', 'sgd'] as const) {
    for (const options of cases) {
      it(`${kind} ${JSON.stringify(options)}: updates weights like the formulas in double precision`, () => {
        const attributes = attributesOf(kind, options);
        let expected = startState(kind);
        for (let step = 1; step <= STEPS; step++)
          expected = referenceOptimizer(expected, wave(total, step), { ...attributes, step });
        const given = kernelSteps(attributes);
        expect(largest(given.weights, expected.weights)).toBeLessThan(WEIGHT_ATOL);
        expect(largest(given.slots.flat(), expected.slots.flat())).toBeLessThan(SLOT_ATOL);
      });
    }
  }

  it('does not modify its inputs and leaks no tensor', () => {
    const before = memory().numTensors;
    tidy(() => {
      const params = asVariables(wave(total, 0));
      const slots = tensor1d(new Array<number>(2 * total).fill(0));
      runKernel(
        optimizerKernelName,
        [...params, ...asVariables(wave(total, 1)), slots],
        attributesOf('adam'),
      );
      expect(params.flatMap((param) => Array.from(param.dataSync()))).toEqual(wave(total, 0));
      expect(Math.max(...slots.dataSync())).toBe(0);
    });
    expect(memory().numTensors).toBe(before);
  });

  it('rejects a gradient of another shape than its variable', () => {
    tidy(() => {
      const params = asVariables(wave(total, 0));
      const grads = [params[0], params[1], tensor1d([1, 2])];
      const slots = tensor1d(new Array<number>(total).fill(0));
      expect(() => runKernel(optimizerKernelName, [...params, ...grads, slots], attributesOf('sgd'))).toThrow(
        "OndaOptimizer gradient 2: expected its variable's shape [33], got [2]; give the gradients in the order of the variables",
      );
    });
  });

  it('rejects another number of inputs than variables, their gradients and slots', () => {
    tidy(() => {
      const params = asVariables(wave(total, 0));
      expect(() => runKernel(optimizerKernelName, [...params, params[0]], attributesOf('sgd'))).toThrow(
        "OndaOptimizer: expected 3 inputs, got 4; pass them in the op's order",
      );
    });
  });

  it('rejects slots of another optimizer', () => {
    tidy(() => {
      const params = asVariables(wave(total, 0));
      const slots = tensor1d(new Array<number>(total).fill(0));
      expect(() =>
        runKernel(optimizerKernelName, [...params, ...params, slots], attributesOf('adam')),
      ).toThrow(
        `OndaOptimizer slots: expected shape [${2 * total}], got [${total}]; start it with zeros, one or two for each weight`,
      );
    });
  });
});
