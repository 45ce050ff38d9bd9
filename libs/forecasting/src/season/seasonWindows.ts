import { createRandom, streamSeed } from '@onda/series';
import type { SeasonBatch } from './seasonNet.ts';
import { contextBefore, standardScale } from './seasonInputs.ts';
import type { SeasonSpec } from './seasonSpec.ts';
import { contextOf, LEAST_DIFFERENCE, LEAST_SHARE } from './seasonSpec.ts';

/** How windows are drawn. */
export interface DrawOptions {
  /** `series`: every series is equally likely; `windows`: every window. */
  draw: 'series' | 'windows';
  /** Whether a window is mixed with another one (mixup): a (w - mean) + (1 - a) (v - mean of v) + mean, a from Beta(2, 2), at least 1/2. */
  mix: boolean;
  batch: number;
  seed: number;
}

/** A column of a series in the units in which windows are cut: logarithms for the transform `log`, else its values. */
export interface WindowColumn {
  values: Float64Array;
  /** Samples that may be used. */
  end: number;
}

/** Origins of the windows of each column. */
interface Origins {
  column: number;
  first: number;
  count: number;
}

/**
 * The training windows of columns: every origin from two seasons on (from the end of the context where a series is that long does not
 * matter: shorter histories repeat their first season).
 */
export class SeasonWindows {
  /** Number of windows. */
  readonly count: number;
  private readonly spec: SeasonSpec;
  private readonly columns: readonly WindowColumn[];
  private readonly origins: Origins[];
  /** Windows before each column of `origins`. */
  private readonly before: number[];
  /** Mean seasonal difference of the history, by column and sample. */
  private readonly sizes: readonly Float64Array[];

  constructor(spec: SeasonSpec, columns: readonly WindowColumn[]) {
    this.spec = spec;
    this.columns = columns;
    const { period, horizon } = spec;
    const least = period > 1 ? 2 * period : 4;
    this.origins = columns.flatMap(({ end }, column): Origins[] => {
      const last = end - horizon;
      const first = Math.min(least, last);
      return first < Math.max(period, 2) ? [] : [{ column, first, count: last - first + 1 }];
    });
    this.before = [0];
    for (const { count } of this.origins) this.before.push(this.before[this.before.length - 1] + count);
    this.count = this.before[this.origins.length];
    this.sizes = columns.map(({ values, end }) => historySizes(values, end, period));
  }

  /** The random batch of a step; it depends only on the seed and the step. */
  batch(step: number, { draw, mix, batch, seed }: DrawOptions): SeasonBatch {
    const random = createRandom(streamSeed(seed, step));
    const windows = Array.from({ length: batch }, () => {
      if (draw === 'windows') {
        const number = random.int(this.count);
        const place = this.placeOf(number);
        return this.window(this.origins[place], number - this.before[place]);
      }
      const origins = this.origins[random.int(this.origins.length)];
      return this.window(origins, random.int(origins.count));
    });
    if (!mix) return toBatch(windows, contextOf(this.spec));
    const mixed = windows.map((window) => {
      const other = windows[random.int(batch)];
      // The middle of three uniform numbers has the distribution Beta(2, 2).
      const drawn = [random.next(), random.next(), random.next()].sort((a, b) => a - b)[1];
      const share = Math.max(drawn, 1 - drawn);
      return mixWindows(window, other, share, contextOf(this.spec));
    });
    return toBatch(mixed, contextOf(this.spec));
  }

  /** Index of the column of a window. */
  private placeOf(number: number): number {
    let low = 0;
    for (let high = this.origins.length; high - low > 1;) {
      const middle = (low + high) >> 1;
      if (this.before[middle] <= number) low = middle;
      else high = middle;
    }
    return low;
  }

  private window({ column, first }: Origins, offset: number): Window {
    const { period, horizon, transform } = this.spec;
    const context = contextOf(this.spec);
    const end = first + offset;
    const { values } = this.columns[column];
    const joined = new Float64Array(context + horizon);
    joined.set(contextBefore(values, end, context, period));
    joined.set(values.subarray(end, end + horizon), context);
    let size = this.sizes[column][end];
    if (transform === 'standard') {
      const { shift, factor } = standardScale(joined.subarray(0, context));
      for (let place = 0; place < joined.length; place++) joined[place] = (joined[place] - shift) / factor;
      size /= factor;
    }
    return { values: joined, size };
  }
}

/** Context and target of a window in transformed units, and the size of the seasonal differences before its origin. */
interface Window {
  values: Float64Array;
  size: number;
}

function mixWindows(window: Window, other: Window, share: number, context: number): Window {
  const mean = meanOf(window.values.subarray(0, context));
  const otherMean = meanOf(other.values.subarray(0, context));
  return {
    values: window.values.map(
      (value, place) => mean + share * (value - mean) + (1 - share) * (other.values[place] - otherMean),
    ),
    size: share * window.size + (1 - share) * other.size,
  };
}

function toBatch(windows: readonly Window[], context: number): SeasonBatch {
  return {
    contexts: windows.map(({ values }) => values.subarray(0, context)),
    targets: windows.map(({ values }) => values.subarray(context)),
    sizes: windows.map(({ size }) => Math.max(size, LEAST_DIFFERENCE)),
  };
}

/** For each end of a history the mean absolute seasonal difference before it; 0.1 where it has none. */
function historySizes(values: Float64Array, end: number, period: number): Float64Array {
  const sizes = new Float64Array(end + 1).fill(0.1);
  let sum = 0;
  for (let index = period; index < end; index++) {
    sum += Math.abs(values[index] - values[index - period]);
    sizes[index + 1] = sum / (index + 1 - period);
  }
  return sizes;
}

function meanOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** Logarithms; values below a thousandth of the mean are raised to it. */
export function logTransform(values: Float64Array): Float64Array {
  let mean = 0;
  for (const value of values) mean += value / values.length;
  const least = LEAST_SHARE * mean;
  return values.map((value) => Math.log(Math.max(value, least)));
}
