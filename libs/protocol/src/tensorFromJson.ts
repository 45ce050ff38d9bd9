import { DataError, ShapeError, typedArrays } from '@onda/contract';
import type { TensorArrays, TensorType } from '@onda/contract';
import type { ProtocolTensor } from './datatypes.ts';
import { describeValue } from './jsonBody.ts';
import { floats, integers, notANumber, readNested } from './jsonNumbers.ts';
import type { Rows } from './jsonNumbers.ts';
import { checkText } from './tensorBytes.ts';

/**
 * A tensor from JSON `data`: flat and row-major, or nested exactly as the shape says.
 *
 * @param count the product of `dims`
 * @throws ShapeError, DataError
 */
export function tensorFromJson(
  value: unknown,
  type: TensorType,
  dims: readonly number[],
  count: number,
  where: string,
): ProtocolTensor {
  const nested = readNested(value, where);
  if (nested.dims.length > 1) {
    if (nested.dims.length !== dims.length || nested.dims.some((dim, axis) => dim !== dims[axis])) {
      throw new ShapeError(
        `${where}: expected "data" flat or nested as shape [${dims.join(', ')}], got it nested as [${nested.dims.join(', ')}]; correct the shape or the data`,
      );
    }
  } else if (nested.dims[0] !== count) {
    throw new ShapeError(
      `${where}: expected ${count} values for shape [${dims.join(', ')}], got ${nested.dims[0]}; correct the shape or the data`,
    );
  }
  return { type, dims, data: valuesFromJson(type, nested.rows, count, where) } as ProtocolTensor;
}

/**
 * The values of a tensor from JSON.
 *
 * @param rows  the arrays that hold them, `count` in all
 * @throws DataError for a value that the type cannot represent
 */
function valuesFromJson(
  type: TensorType,
  rows: Rows,
  count: number,
  where: string,
): TensorArrays[TensorType] {
  switch (type) {
    case 'float32':
      return floats(rows, count, where);
    case 'float64':
      return doubles(rows, count, where);
    case 'int64':
    case 'uint64':
      return integers(rows, count, where, type);
    case 'bool':
      return bools(rows, count, where);
    case 'string':
      return texts(rows, where);
    case 'float16':
      throw new DataError(
        `${where}: expected FP16 as bytes, got it as JSON, which has no such numbers; send it with binary_data_size`,
      );
    case 'int8':
    case 'int16':
    case 'int32':
    case 'uint8':
    case 'uint16':
    case 'uint32':
      return smallIntegers(type, rows, count, where);
  }
}

function doubles(rows: Rows, count: number, where: string): Float64Array {
  const result = new Float64Array(count);
  let index = 0;
  for (const row of rows) {
    for (const value of row) {
      if (typeof value !== 'number') throw notANumber(value, index, where);
      if (!Number.isFinite(value)) {
        throw new DataError(
          `${where}: expected numbers within float64, got ${value} at position ${index}; scale the values or leave them out`,
        );
      }
      result[index++] = value;
    }
  }
  return result;
}

/** The range of each type. */
const ranges = {
  int8: [-128, 127],
  int16: [-32_768, 32_767],
  int32: [-2_147_483_648, 2_147_483_647],
  uint8: [0, 255],
  uint16: [0, 65_535],
  uint32: [0, 4_294_967_295],
} as const;

function smallIntegers(
  type: keyof typeof ranges,
  rows: Rows,
  count: number,
  where: string,
): TensorArrays[keyof typeof ranges] {
  const [least, most] = ranges[type];
  const result = new typedArrays[type](count);
  let index = 0;
  for (const row of rows) {
    for (const value of row) {
      if (typeof value !== 'number') throw notANumber(value, index, where);
      if (!Number.isInteger(value) || value < least || value > most) {
        throw outOfRange(`${least} to ${most}`, String(value), index, where);
      }
      result[index++] = value;
    }
  }
  return result;
}

function bools(rows: Rows, count: number, where: string): Uint8Array {
  const result = new Uint8Array(count);
  let index = 0;
  for (const row of rows) {
    for (const value of row) {
      if (typeof value !== 'boolean') {
        throw new DataError(
          `${where}: expected true or false at position ${index}, got ${describeValue(value)}; send one of them`,
        );
      }
      result[index++] = value ? 1 : 0;
    }
  }
  return result;
}

function texts(rows: Rows, where: string): string[] {
  const result: string[] = [];
  for (const row of rows) {
    for (const value of row) {
      if (typeof value !== 'string') {
        throw new DataError(
          `${where}: expected a string at position ${result.length}, got ${describeValue(value)}; put it into quotes`,
        );
      }
      result.push(checkText(value, result.length, where));
    }
  }
  return result;
}

function outOfRange(range: string, value: string, index: number, where: string): DataError {
  return new DataError(
    `${where}: expected whole numbers from ${range}, got ${value} at position ${index}; round or clip the values`,
  );
}
