import { describe, expect, it } from 'vitest';
import type { Agreement } from './agreement.ts';
import { agreementTable, disagreements, greatestDifference } from './agreement.ts';

const agreement: Agreement = {
  ...{ workload: 'rnn-32-1', subject: 'onda-generator', reference: 'onnxruntime-node', compared: 3 },
  ...{ difference: 5e-4, allowed: 1e-5, note: '' },
};

describe(greatestDifference, () => {
  it('is the greatest of the values that count', () => {
    expect(greatestDifference([1, -1.5, 9], [1, -2, 1], 2)).toBe(0.5);
  });

  it('can be relative', () => {
    expect(greatestDifference([1, 0.5], [1, 0.4], 2, Math.abs)).toBeCloseTo(0.25, 12);
  });

  it('is infinite for NaN', () => {
    expect(greatestDifference([NaN, -2], [1, -2], 2)).toBe(Infinity);
  });
});

describe(disagreements, () => {
  it('has a sentence for values that differ', () => {
    expect(disagreements([agreement, { ...agreement, difference: 1e-6 }])).toEqual([
      'rnn-32-1: expected the first 3 values of onda-generator within 0.00001 of onnxruntime-node, got 5.0e-4; it computes something else, leave it out (--systems)',
    ]);
  });

  it('has none where the difference is only reported', () => {
    expect(disagreements([{ ...agreement, difference: 2, allowed: Infinity }])).toEqual([]);
  });
});

describe(agreementTable, () => {
  it('leaves empty what was not compared', () => {
    const none = { ...agreement, compared: 0, difference: 0, note: 'another network' };
    expect(agreementTable([agreement, none])?.rows).toEqual([
      ['rnn-32-1', 'onda-generator', 'onnxruntime-node', '3', '5.0e-4', '0.00001', ''],
      ['rnn-32-1', 'onda-generator', 'onnxruntime-node', '0', '', '', 'another network'],
    ]);
    expect(agreementTable([])).toBeNull();
  });
});
