import { describe, expect, it } from 'vitest';
import { linePath, thinned } from './linePath.ts';

describe(linePath, () => {
  it('joins points to hundredths of a pixel', () => {
    expect(
      linePath([
        [0, 1],
        [1 / 3, 2],
      ]),
    ).toBe('M0 1L0.33 2');
  });

  it('leaves a gap where there is no value', () => {
    expect(
      linePath([
        [0, 1],
        [1, NaN],
        [2, 3],
        [3, 4],
      ]),
    ).toBe('M0 1M2 3L3 4');
  });
});

describe(thinned, () => {
  it('keeps every sample of a short row', () => {
    expect(thinned(3, 6, 100, () => 0)).toEqual([3, 4, 5, 6]);
    expect(thinned(3, 2, 100, () => 0)).toEqual([]);
  });

  it('keeps both ends, every peak and the order of a long row', () => {
    const value = (sample: number): number => (sample === 777 ? 9 : sample === 778 ? -9 : Math.sin(sample));
    const samples = thinned(0, 10_000, 200, value);
    expect(samples.length).toBeLessThanOrEqual(210);
    expect(samples).toContain(777);
    expect(samples).toContain(778);
    expect([samples[0], samples.at(-1)]).toEqual([0, 10_000]);
    expect([...samples].sort((a, b) => a - b)).toEqual(samples);
  });
});
