import { describe, expect, it } from 'vitest';
import { fitScaler, scaleValues, unscaleValues } from './scaler.ts';

const values = Float32Array.of(1, 10, 3, 10, 5, 10, 7, 10);

describe(fitScaler, () => {
  it('subtracts the mean and divides by the standard deviation', () => {
    expect(fitScaler('standard', values, 2)).toEqual({
      kind: 'standard',
      center: [4, 10],
      scale: [Math.fround(Math.sqrt(5)), 1],
    });
  });

  it('maps minimum and maximum to 0 and 1', () => {
    expect(fitScaler('minmax', values, 2)).toEqual({ kind: 'minmax', center: [1, 10], scale: [6, 1] });
  });

  it('does not change values for kind none', () => {
    expect(fitScaler('none', values, 2)).toEqual({ kind: 'none', center: [0, 0], scale: [1, 1] });
  });

  it('keeps its precision far from zero', () => {
    const far = Float32Array.from({ length: 1000 }, (_, i) => 2 ** 20 + (i % 2));
    expect(fitScaler('standard', far, 1)).toMatchObject({ center: [2 ** 20 + 0.5], scale: [0.5] });
  });

  it('has float32 numbers like a graph', () => {
    const { center, scale } = fitScaler('standard', Float32Array.of(0.1, 0.2, 0.7), 1);
    expect(center[0]).toBe(Math.fround(center[0]));
    expect(scale[0]).toBe(Math.fround(scale[0]));
  });
});

describe(scaleValues, () => {
  it('rounds each operation to float32', () => {
    const scaler = { kind: 'standard' as const, center: [Math.fround(0.1)], scale: [Math.fround(0.3)] };
    const value = Math.fround(12.3);
    const expected = Math.fround(Math.fround(value - Math.fround(0.1)) / Math.fround(0.3));
    expect(scaleValues(Float32Array.of(value), scaler)[0]).toBe(expected);
  });
});

describe(unscaleValues, () => {
  it('goes back to the data', () => {
    const scaler = fitScaler('minmax', values, 2);
    expect(unscaleValues(scaleValues(values, scaler), scaler)).toEqual(values);
  });
});
