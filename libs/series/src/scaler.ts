import type { Scaler } from '@onda/contract';

/**
 * Fits a scaler: `standard` subtracts the mean and divides by the (population) standard deviation, `minmax` maps the values to 0..1,
 * `none` is the identity. Fit it on the training part only.
 *
 * Numbers are rounded to float32, as in the exported graph. A constant feature has scale 1.
 *
 * @param values   row-major, shape [samples, features]
 * @param features number of features
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

/** Center and scale of the values of a feature, per kind; the scale of a constant feature is 0. */
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
 * Scales values: (value - center) / scale, each operation rounded to float32 as in the exported graph.
 *
 * @param values row-major; the last dim is features
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
 * Restores the units of the data: value * scale + center, each operation rounded to float32 as in the exported graph.
 *
 * @param values row-major; the last dim is features
 * @returns a new array of the same shape
 */
export function unscaleValues(values: Float32Array, scaler: Scaler): Float32Array {
  const { center, scale } = scaler;
  return values.map((value, index) => {
    const feature = index % center.length;
    return Math.fround(value * scale[feature]) + center[feature];
  });
}
