import type { SineDataConfig } from '@onda/contract';
import { ConfigError } from '@onda/contract';
import type { DataSource } from './dataSource.ts';
import { describeData } from './dataSource.ts';
import type { SeriesSet } from './seriesSet.ts';
import { trainingWindows } from './trainingWindows.ts';

/** Inputs and targets of a signal: y is x `lag` samples later. */
interface XY {
  x: Float32Array;
  y: Float32Array;
}

/**
 * Chunk k of the lagged sine: sin over [k pi, (k + 1) pi] at `samples + 1` evenly spaced points; x is the first and y the last
 * `samples` values. A larger lag adds points with the same spacing.
 *
 * Computed in float64 and rounded to float32 at the end, as in NumPy.
 *
 * @param k       0, 1, 2, ...
 * @param samples length of x and of y, at least 1
 * @param lag     number of samples that y is ahead of x, at least 1
 */
export function sineChunk(k: number, samples: number, lag = 1): XY {
  const start = k * Math.PI;
  const stop = (k + 1) * Math.PI + ((lag - 1) * Math.PI) / samples;
  const points = linspace(start, stop, samples + lag);
  const values = new Float32Array(points.length);
  for (let index = 0; index < points.length; index++) values[index] = Math.sin(points[index]);
  return { x: values.slice(0, samples), y: values.slice(lag) };
}

/**
 * Evenly spaced points from `start` to `stop`, with the rounding of `numpy.linspace`.
 *
 * @param count at least 2
 * @returns float64, shape [count]
 */
export function linspace(start: number, stop: number, count: number): Float64Array {
  const step = (stop - start) / (count - 1);
  const points = new Float64Array(count);
  for (let index = 0; index < count; index++) points[index] = index * step + start;
  points[count - 1] = stop;
  return points;
}

/** The data of the lagged sine: step k gets chunk k of an endless sine. */
export function createSineSource(data: SineDataConfig, lag: number): DataSource {
  return {
    features: 1,
    outputs: 1,
    scaler: { kind: 'none', center: [0], scale: [1] },
    hashInput: describeData(data, { lag }),
    notes: [],
    evaluations: () => [],
    series: null,
    fullSamples: data.samples,
    chunksPerPass: null,
    shortest: null,
    windows: (plan) => {
      // Windows from every sample of a period.
      const set = sineSeries(data.samples, 2 * data.samples + plan.window + lag - 1);
      const ends = [{ training: set.series[0].length, validation: set.series[0].length }];
      return trainingWindows({ training: set, validation: set, all: set, ends }, { ...plan, lag });
    },
    streams: (count) => {
      throw new ConfigError(
        `training.batch: expected 1 with training.carry and a sine, got ${count}; set training.carry: false`,
      );
    },
    chunk: (step) => ({
      ...sineChunk(step, data.samples, lag),
      batch: 1,
      time: data.samples,
      features: 1,
      outputs: 1,
      startsSequence: step === 0,
    }),
  };
}

/** The first values of the sine, as a series. */
function sineSeries(samples: number, length: number): SeriesSet {
  const values = Float64Array.from({ length }, (_, index) => Math.sin((index * Math.PI) / samples));
  const series = [{ id: 'sine', length, values, covariates: new Float64Array(0), times: null }];
  return { targets: ['sine'], covariates: [], series, step: null, period: 2 * samples, notes: [] };
}
