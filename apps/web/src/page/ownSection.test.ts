import { describe, expect, it } from 'vitest';
import { DataError } from '@onda/contract';
import { ownSeries } from './ownSection.ts';

const wanted = { features: 1, columns: [], lag: 1, chunk: 20 };

describe(ownSeries, () => {
  it('keeps the second half as the truth after the prompt', () => {
    const series = ownSeries('1\n2\n3\n4\n5\n6', wanted);
    expect([series.length, series.promptEnd, series.chunk]).toEqual([6, 3, 5]);
  });

  it('takes as few values as the lag, all of them as the prompt', () => {
    expect(ownSeries('4', wanted).promptEnd).toBe(1);
  });

  it('rejects fewer values than the lag', () => {
    expect(() => ownSeries('4', { ...wanted, lag: 2 })).toThrow(
      new DataError('values: expected at least 2 rows, got 1; add more rows'),
    );
  });
});
