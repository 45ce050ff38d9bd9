import { describe, expect, it } from 'vitest';
import { compareValues, valueProblem } from './compareValues.ts';
import type { SystemName } from './systems.ts';
import { parseWork } from './work.ts';

const work = parseWork('generation-rnn-32-1');
const compare = (system: SystemName, values: number[], samples = values.length) =>
  compareValues(work, system, samples, Float32Array.from(values), Float32Array.of(1, -2, 1), '');

describe(compareValues, () => {
  it('finds the greatest difference of the samples that count', () => {
    expect(compare('pytorch', [1, -1.5, 9], 2)).toMatchObject({ difference: 0.5, greatest: 2 });
  });

  it('takes NaN for infinitely far', () => {
    expect(compare('pytorch', [NaN, -2, 1]).difference).toBe(Infinity);
  });
});

describe(valueProblem, () => {
  it('asks more of ours than of the others', () => {
    const values = [1.0005, -2, 1];
    expect(valueProblem(compare('pytorch', values))).toBeNull();
    expect(valueProblem(compare('onda-generator', values))).toBe(
      'generation-rnn-32-1: expected the first 3 values of onda-generator within 0.00001 of those of onnxruntime-node, got 5.0e-4; its figures are of another computation',
    );
  });

  it('tells of longer runs, and lets them pass', () => {
    expect(valueProblem({ ...compare('onda-generator', [2, 0, 0]), samples: 1000 })).toBeNull();
  });
});
