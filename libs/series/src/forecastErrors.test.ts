import { ShapeError } from '@onda/contract';
import { describe, expect, it } from 'vitest';
import { judgeForecast } from './forecastErrors.ts';

const evaluation = {
  x: Float64Array.of(0, 1, 2, 10, 20, 30),
  y: Float64Array.of(1, 2, 4, 20, 30, 40),
  batch: 2,
  time: 3,
  features: 1,
  outputs: 1,
  from: 1,
};

describe(judgeForecast, () => {
  it('evaluates from sample `from` on, against the naive forecast', () => {
    const report = judgeForecast([evaluation], [Float32Array.of(99, 2, 3, 99, 30, 37)]);
    expect(report.samples).toBe(4);
    expect(report.forecast).toEqual({ mse: 10 / 4, rmse: Math.sqrt(10 / 4), mae: 1 });
    expect(report.naive).toEqual({ mse: 205 / 4, rmse: Math.sqrt(205 / 4), mae: 23 / 4 });
  });

  it('pools the values of series of different lengths', () => {
    const short = { ...evaluation, x: Float64Array.of(1), y: Float64Array.of(4), batch: 1, time: 1, from: 0 };
    const report = judgeForecast([evaluation, short], [evaluation.y, Float64Array.of(5)]);
    expect([report.samples, report.forecast.mse, report.naive.mae]).toEqual([5, 1 / 5, 26 / 5]);
  });

  it('rejects a forecast of another length', () => {
    expect(() => judgeForecast([evaluation], [new Float32Array(4)])).toThrow(
      new ShapeError('forecast: expected 6 values [2, 3, 1], got 4; predict every sample of the evaluation'),
    );
  });
});
