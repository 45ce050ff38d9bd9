import { describe, expect, it } from 'vitest';
import type { OptimizerAttributes } from './optimizerOp.ts';
import { optimizerDefaults, optimizerFactors } from './optimizerOp.ts';

const adam: OptimizerAttributes = { ...optimizerDefaults, kind: 'adam', learningRate: 0.01, step: 1 };

describe(optimizerFactors, () => {
  it('computes in double precision and rounds once', () => {
    const factors = optimizerFactors({ ...adam, step: 3, beta2: 0.9999 });
    expect(factors[0]).toBe(Math.fround(0.01 / (1 - 0.9 ** 3)));
    expect(factors[3]).toBe(Math.fround(1 - 0.9999));
    expect(factors[4]).toBe(Math.fround(Math.sqrt(1 - 0.9999 ** 3)));
  });

  it('starts the momentum of sgd at step 2', () => {
    const at = (step: number): number => optimizerFactors({ ...adam, kind: 'sgd', step, momentum: 0.5 })[6];
    expect([at(1), at(2)]).toEqual([0, 0.5]);
  });

  it('agrees with ** far into a training', () => {
    const step = 12_345;
    const factors = optimizerFactors({ ...adam, step });
    expect(factors[4]).toBe(Math.fround(Math.sqrt(1 - 0.999 ** step)));
    expect(factors[0]).toBe(Math.fround(0.01));
  });
});
