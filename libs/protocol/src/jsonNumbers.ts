import { DataError, ShapeError } from '@onda/contract';
import { describeValue } from './jsonBody.ts';

/** Arrays that hold values in order. */
export type Rows = readonly (readonly unknown[])[];

/** Numbers in nested arrays: the dims of the nesting, and the innermost arrays in order. */
export interface NestedNumbers {
  dims: readonly number[];
  rows: Rows;
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
export function floats(rows: Rows, count: number, where: string): Float32Array {
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

const integerRanges = {
  int64: { least: -(2n ** 63n), most: 2n ** 63n - 1n, text: '-2^63 to 2^63 - 1', array: BigInt64Array },
  uint64: { least: 0n, most: 2n ** 64n - 1n, text: '0 to 2^64 - 1', array: BigUint64Array },
} as const;

/** At most 20 digits, as 2^64 - 1 has: the work on a longer text would grow with its square. */
const digits = /^-?[0-9]{1,20}$/;

/**
 * Whole numbers. JSON numbers are exact up to 2^53 - 1; larger ones are digits in a string.
 *
 * @throws DataError for anything else, and for a number beyond the type's range
 */
export function integers(rows: Rows, count: number, where: string): BigInt64Array;
export function integers(
  rows: Rows,
  count: number,
  where: string,
  type: keyof typeof integerRanges,
): BigInt64Array | BigUint64Array;
export function integers(
  rows: Rows,
  count: number,
  where: string,
  type: keyof typeof integerRanges = 'int64',
): BigInt64Array | BigUint64Array {
  const { least, most, text, array } = integerRanges[type];
  const result = new array(count);
  let index = 0;
  for (const row of rows) {
    for (const value of row) {
      const isDigits = typeof value === 'string' && digits.test(value);
      if (typeof value !== 'number' && !isDigits) throw notANumber(value, index, where);
      if (typeof value === 'number' && !Number.isSafeInteger(value)) {
        throw new DataError(
          `${where}: expected whole numbers, above 2^53 - 1 as digits in a string, got ${value} at position ${index}; round the values or send digits`,
        );
      }
      const whole = BigInt(value);
      if (whole < least || whole > most) {
        throw new DataError(
          `${where}: expected whole numbers from ${text}, got ${value} at position ${index}; clip the values`,
        );
      }
      result[index++] = whole;
    }
  }
  return result;
}

export function notANumber(value: unknown, index: number, where: string): DataError {
  return new DataError(
    `${where}: expected a number at position ${index}, got ${describeValue(value)}; JSON has no NaN, so leave such samples out`,
  );
}
