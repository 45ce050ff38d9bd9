import type { Scaler } from '@onda/contract';

/**
 * Fits a scaler: `standard` centres on the mean and divides by the standard deviation (of the population), `minmax` maps what it
 * saw to 0..1, `none` leaves values as they are. Fit it on the training part only: what is held back must stay unseen.
 *
 * Numbers are rounded to float32, since that is what a graph holds. A feature that never changes has scale 1.
 *
 * @param values   row-major, shape [samples, features]
 * @param features how many features a sample has
 */
export function fitScaler(kind: Scaler['kind'], values: Float32Array, features: number): Scaler {
  const center: number[] = [];
  const scale: number[] = [];
  for (let feature = 0; feature < features; feature++) {
    const column = values.filter((_, index) => index % features === feature);
    const [middle, spread] = spreads[kind](column);
    center.push(Math.fround(middle));
    scale.push(Math.fround(spread) > 0 ? Math.fround(spread) : 1);
  }
  return { kind, center, scale };
}

/** For each kind, center and scale of one feature's values; a scale of 0 stands for no change at all. */
const spreads = {
  none: () => [0, 1],
  standard: (column) => {
    const mean = sum(column) / column.length;
    return [mean, Math.sqrt(sum(Float64Array.from(column, (value) => (value - mean) ** 2)) / column.length)];
  },
  minmax: (column) => {
    let least = Infinity;
    let most = -Infinity;
    for (const value of column) {
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
    return [least, most - least];
  },
} satisfies Record<Scaler['kind'], (column: Float32Array) => [number, number]>;

function sum(values: Float32Array | Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/**
 * The data's own units to the net's: (value - center) / scale, each operation rounded to float32 as the exported graph does it.
 *
 * @param values row-major, the last dim being the scaler's features
 * @returns a new array of the same shape
 */
export function scaleValues(values: Float32Array, scaler: Scaler): Float32Array {
  const { center, scale } = scaler;
  return values.map((value, index) => {
    const feature = index % center.length;
    return Math.fround(value - center[feature]) / scale[feature];
  });
}

/**
 * The net's units to the data's own: value * scale + center, each operation rounded to float32 as the exported graph does it.
 *
 * @param values row-major, the last dim being the scaler's features
 * @returns a new array of the same shape
 */
export function unscaleValues(values: Float32Array, scaler: Scaler): Float32Array {
  const { center, scale } = scaler;
  return values.map((value, index) => {
    const feature = index % center.length;
    return Math.fround(value * scale[feature]) + center[feature];
  });
}
