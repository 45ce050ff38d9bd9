import { DataError } from '@onda/contract';

/**
 * Differences of values `lag` samples apart: 1, or a season.
 *
 * @param values row-major, shape [samples, features]
 * @returns shape [samples - lag, features]
 */
export function differenceValues(values: Float64Array, features: number, lag = 1): Float64Array {
  const shift = lag * features;
  return Float64Array.from(
    { length: Math.max(0, values.length - shift) },
    (_, index) => values[index + shift] - values[index],
  );
}

/**
 * The inverse of `differenceValues`: adds differences to the values before them.
 *
 * @param differences row-major, shape [samples, features]
 * @param before      the `lag` samples before the first difference, shape [lag, features]
 * @returns shape [samples, features]
 */
export function integrateValues(differences: Float64Array, before: Float64Array): Float64Array {
  const shift = before.length;
  const values = new Float64Array(differences.length);
  for (let index = 0; index < values.length; index++) {
    values[index] = differences[index] + (index < shift ? before[index] : values[index - shift]);
  }
  return values;
}

/**
 * Natural logarithms of positive values; the inverse is `Math.exp`.
 *
 * @param names names of the features, for errors
 * @throws DataError for a value that is not positive
 */
export function logValues(values: Float64Array, names: readonly string[]): Float64Array {
  return values.map((value, index) => {
    if (value > 0) return Math.log(value);
    throw new DataError(
      `column "${names[index % names.length]}", sample ${Math.floor(index / names.length)}: expected a positive value for the logarithm, got ${value}; add a constant to the column, or choose another scaler`,
    );
  });
}
