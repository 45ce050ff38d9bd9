import type { Scaler } from '@onda/contract';
import { DataError } from '@onda/contract';

/** The largest float32. */
const largest = 3.4028234663852886e38;

/**
 * Fits a scaler per feature; fit it on the training part only. `standard` subtracts the mean and divides by the (population) standard
 * deviation, `minmax` maps the values to 0..1, `robust` subtracts the median and divides by the interquartile range (by the standard
 * deviation if that is 0), `none` is the identity.
 *
 * Center and scale are rounded to float32, as in the exported graph. A constant feature has scale 1.
 *
 * @param values   row-major, shape [samples, features]
 * @param names    names of the features
 * @throws DataError naming the feature if float32 cannot hold its scaled range
 */
export function fitScaler(kind: Scaler['kind'], values: Float64Array, names: readonly string[]): Scaler {
  const center: number[] = [];
  const scale: number[] = [];
  const features = names.length;
  for (const [feature, name] of names.entries()) {
    const column = new Float64Array(values.length / features);
    for (let sample = 0; sample < column.length; sample++)
      column[sample] = values[sample * features + feature];
    const [middle, spread] = spreads[kind](column).map(Math.fround);
    const [least, most] = extremes(column);
    if (Math.abs(spread) > largest || most - middle > largest || middle - least > largest) {
      throw new DataError(
        `column "${name}": expected values whose distances are within float32 (3.4e38) for the scaler ${kind}, got ${least} to ${most}; use a larger unit`,
      );
    }
    center.push(middle);
    scale.push(spread > 0 ? spread : 1);
  }
  return { kind, center, scale };
}

/** Center and scale of the values of a feature, per kind; the scale of a constant feature is 0. */
const spreads = {
  none: () => [0, 1],
  standard: (column) => [mean(column), deviation(column)],
  minmax: (column) => {
    const [least, most] = extremes(column);
    return [least, most - least];
  },
  robust: (column) => {
    const sorted = column.slice().sort();
    const spread = quantile(sorted, 0.75) - quantile(sorted, 0.25);
    return [quantile(sorted, 0.5), spread > 0 ? spread : deviation(column)];
  },
} satisfies Record<Scaler['kind'], (column: Float64Array) => [number, number]>;

function mean(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value / values.length;
  return total;
}

function deviation(values: Float64Array): number {
  const middle = mean(values);
  let squares = 0;
  for (const value of values) squares += (value - middle) ** 2 / values.length;
  return Math.sqrt(squares);
}

function extremes(values: Float64Array): [number, number] {
  let least = Infinity;
  let most = -Infinity;
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return [least, most];
}

/** A quantile of sorted values, interpolated linearly. */
export function quantile(sorted: Float64Array, level: number): number {
  const place = level * (sorted.length - 1);
  const low = Math.floor(place);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (place - low);
}

/**
 * Scales values: (value - center) / scale, in the precision of the array. For a Float32Array each operation is rounded to float32 as in
 * the exported graph; a Float64Array keeps what float32 values would lose.
 *
 * @param values row-major; the last dim is features
 * @returns a new array of the same shape and precision
 */
export function scaleValues<Values extends Float32Array | Float64Array>(
  values: Values,
  scaler: Scaler,
): Values {
  const { center, scale } = scaler;
  const round = roundingOf(values);
  return values.map((value, index) => {
    const feature = index % center.length;
    return round(value - center[feature]) / scale[feature];
  }) as Values;
}

/**
 * Restores the units of the data: value * scale + center, in the precision of the array.
 *
 * @param values row-major; the last dim is features
 * @returns a new array of the same shape and precision
 */
export function unscaleValues<Values extends Float32Array | Float64Array>(
  values: Values,
  scaler: Scaler,
): Values {
  const { center, scale } = scaler;
  const round = roundingOf(values);
  return values.map((value, index) => {
    const feature = index % center.length;
    return round(value * scale[feature]) + center[feature];
  }) as Values;
}

const roundingOf = (values: Float32Array | Float64Array): ((value: number) => number) =>
  values instanceof Float32Array ? Math.fround : (value) => value;

/** Share of the usual change from sample to sample that rounding may be. */
const mostRounding = 0.01;

/**
 * Warns where float32 loses what a feature is about: the inputs of an exported model are float32 in the units of the data, so their
 * rounding should be small beside the change from sample to sample.
 *
 * @param values row-major, shape [samples, features], in the units of the data
 * @returns one sentence per feature that loses precision
 */
export function precisionWarnings(values: Float64Array, names: readonly string[]): string[] {
  const features = names.length;
  return names.flatMap((name, feature) => {
    let rounding = 0;
    let change = 0;
    for (let index = feature + features; index < values.length; index += features) {
      rounding += (Math.fround(values[index]) - values[index]) ** 2;
      change += (values[index] - values[index - features]) ** 2;
    }
    if (rounding <= mostRounding ** 2 * change || change === 0) return [];
    const share = Math.round(100 * Math.sqrt(rounding / change));
    return [
      `warning: column "${name}": the exported model reads float32, whose rounding is ${share} % of the change from sample to sample; subtract a constant from the column`,
    ];
  });
}
