import { DataError, ShapeError } from '@onda/contract';
import { describeValue } from './jsonBody.ts';

/** Numbers in nested arrays: the dims of the nesting, and the innermost arrays in order. */
export interface NestedNumbers {
  dims: readonly number[];
  rows: readonly (readonly unknown[])[];
}

/**
 * Determines the dims of nested arrays without reading the numbers, so that nothing is allocated for ragged arrays.
 *
 * @param where its name in errors: `input "x"`, `prompt`
 * @throws ShapeError if arrays of one level differ in length; DataError if it is no array
 */
export function readNested(value: unknown, where: string): NestedNumbers {
  if (!Array.isArray(value)) {
    throw new DataError(`${where}: expected an array of numbers, got ${describeValue(value)}; send a list`);
  }
  const dims = [value.length];
  let rows: (readonly unknown[])[] = [value];
  while (Array.isArray(rows[0]?.[0])) {
    const inner = rows[0][0].length;
    const next: (readonly unknown[])[] = [];
    for (const row of rows) {
      for (const part of row) {
        if (!Array.isArray(part) || part.length !== inner) {
          throw new ShapeError(
            `${where}: expected arrays of ${inner} throughout level ${dims.length + 1}, got ${describeValue(part)}; make them equally long`,
          );
        }
        next.push(part);
      }
    }
    dims.push(inner);
    rows = next;
  }
  return { dims, rows };
}

/** Number of values of a tensor with these dims. */
export function countOf(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/**
 * @param rows  the arrays that hold the numbers, `count` in all
 * @throws DataError for anything but a number, and for one beyond float32: NaN and infinities must not get into a state
 */
export function floats(rows: readonly (readonly unknown[])[], count: number, where: string): Float32Array {
  const result = new Float32Array(count);
  let index = 0;
  for (const row of rows) {
    for (const value of row) {
      if (typeof value !== 'number') throw notANumber(value, index, where);
      result[index] = value;
      if (!Number.isFinite(result[index])) {
        throw new DataError(
          `${where}: expected numbers within float32, got ${value} at position ${index}; scale the values or leave them out`,
        );
      }
      index++;
    }
  }
  return result;
}

/** @throws DataError for anything but a whole number that JSON represents exactly (up to 2^53 - 1) */
export function integers(rows: readonly (readonly unknown[])[], count: number, where: string): BigInt64Array {
  const result = new BigInt64Array(count);
  let index = 0;
  for (const row of rows) {
    for (const value of row) {
      if (typeof value !== 'number') throw notANumber(value, index, where);
      if (!Number.isSafeInteger(value)) {
        throw new DataError(
          `${where}: expected whole numbers up to 2^53 - 1, got ${value} at position ${index}; round the values`,
        );
      }
      result[index] = BigInt(value);
      index++;
    }
  }
  return result;
}

export function notANumber(value: unknown, index: number, where: string): DataError {
  return new DataError(
    `${where}: expected a number at position ${index}, got ${describeValue(value)}; JSON has no NaN, so leave such samples out`,
  );
}
