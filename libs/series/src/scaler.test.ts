import { DataError } from '@onda/contract';
import { describe, expect, it } from 'vitest';
import { fitScaler, precisionWarnings, scaleValues, unscaleValues } from './scaler.ts';

const values = Float64Array.of(1, 10, 3, 10, 5, 10, 7, 10);

describe(fitScaler, () => {
  it('subtracts the mean and divides by the standard deviation', () => {
    expect(fitScaler('standard', values, ['a', 'b'])).toEqual({
      kind: 'standard',
      center: [4, 10],
      scale: [Math.fround(Math.sqrt(5)), 1],
    });
  });

  it('maps minimum and maximum to 0 and 1', () => {
    expect(fitScaler('minmax', values, ['a', 'b'])).toEqual({
      kind: 'minmax',
      center: [1, 10],
      scale: [6, 1],
    });
  });

  it('subtracts the median and divides by the interquartile range', () => {
    const outlier = Float64Array.of(1, 2, 3, 4, 1e6);
    expect(fitScaler('robust', outlier, ['a'])).toEqual({ kind: 'robust', center: [3], scale: [2] });
    const steady = Float64Array.of(5, 5, 5, 5, 9);
    expect(fitScaler('robust', steady, ['a'])).toMatchObject({ center: [5], scale: [Math.fround(1.6)] });
  });

  it('rejects a range whose scale float32 cannot hold', () => {
    const range = Float64Array.of(-3e38, 0, 3e38);
    expect(() => fitScaler('minmax', range, ['a'])).toThrow(
      new DataError(
        'column "a": expected values whose distances are within float32 (3.4e38) for the scaler minmax, got -3e+38 to 3e+38; use a larger unit',
      ),
    );
    expect(fitScaler('standard', range, ['a']).scale[0]).toBeLessThan(3e38);
  });

  it('does not change values for kind none', () => {
    expect(fitScaler('none', values, ['a', 'b'])).toEqual({ kind: 'none', center: [0, 0], scale: [1, 1] });
  });

  it('keeps its precision far from zero', () => {
    const far = Float64Array.from({ length: 1000 }, (_, i) => 2 ** 20 + (i % 2));
    expect(fitScaler('standard', far, ['a'])).toMatchObject({ center: [2 ** 20 + 0.5], scale: [0.5] });
  });

  it('has float32 numbers like a graph', () => {
    const { center, scale } = fitScaler('standard', Float64Array.of(0.1, 0.2, 0.7), ['a']);
    expect(center[0]).toBe(Math.fround(center[0]));
    expect(scale[0]).toBe(Math.fround(scale[0]));
  });
});

describe(scaleValues, () => {
  it('keeps the precision of a Float64Array', () => {
    const scaler = { kind: 'standard' as const, center: [1e8], scale: [1] };
    expect([...scaleValues(Float64Array.of(1e8 + 1), scaler)]).toEqual([1]);
    expect([...unscaleValues(Float64Array.of(1), scaler)]).toEqual([1e8 + 1]);
  });

  it('rounds each operation to float32 in a Float32Array', () => {
    const scaler = { kind: 'standard' as const, center: [Math.fround(0.1)], scale: [Math.fround(0.3)] };
    const value = Math.fround(12.3);
    const expected = Math.fround(Math.fround(value - Math.fround(0.1)) / Math.fround(0.3));
    expect(scaleValues(Float32Array.of(value), scaler)[0]).toBe(expected);
  });
});

describe(unscaleValues, () => {
  it('goes back to the data', () => {
    const scaler = fitScaler('minmax', values, ['a', 'b']);
    expect(unscaleValues(scaleValues(values, scaler), scaler)).toEqual(values);
  });
});

describe(precisionWarnings, () => {
  it('warns where float32 loses the changes of a column', () => {
    const far = Float64Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? Math.sin(i) : 1e8 + i / 2));
    expect(precisionWarnings(far, ['near', 'far'])).toEqual([
      expect.stringMatching(
        /^warning: column "far": the exported model reads float32, whose rounding is \d+ % of the change/,
      ),
    ]);
    expect(precisionWarnings(Float64Array.of(7, 7, 7), ['a'])).toEqual([]);
  });
});
