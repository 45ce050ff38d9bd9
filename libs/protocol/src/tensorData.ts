import { DataError, ShapeError } from '@onda/contract';
import type { TensorSpec } from '@onda/contract';
import { valueBytes } from './datatypes.ts';
import type { ProtocolTensor } from './datatypes.ts';
import { floats, integers, readNested } from './numbers.ts';

/**
 * A tensor from JSON `data`: flat and row-major, or nested exactly as the shape says.
 *
 * @param dims  checked against the model
 * @param count their product
 */
export function tensorFromJson(
  value: unknown,
  spec: TensorSpec,
  dims: readonly number[],
  count: number,
): ProtocolTensor {
  const where = `input "${spec.name}"`;
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
  return spec.type === 'float32'
    ? { type: 'float32', dims, data: floats(nested.rows, count, where) }
    : { type: 'int64', dims, data: integers(nested.rows, count, where) };
}

/**
 * A tensor from the bytes after the JSON header (binary tensor extension): little-endian, row-major.
 *
 * The bytes are copied, since a view needs an offset that its type divides.
 *
 * @param bytes exactly this tensor's
 */
export function tensorFromBytes(
  bytes: Uint8Array,
  spec: TensorSpec,
  dims: readonly number[],
  count: number,
): ProtocolTensor {
  const where = `input "${spec.name}"`;
  const expected = count * valueBytes[spec.type];
  if (bytes.byteLength !== expected) {
    throw new ShapeError(
      `${where}: expected ${expected} bytes for shape [${dims.join(', ')}], got ${bytes.byteLength}; correct the shape or binary_data_size`,
    );
  }
  const copy = new ArrayBuffer(expected);
  new Uint8Array(copy).set(bytes);
  if (spec.type === 'int64') return { type: 'int64', dims, data: new BigInt64Array(copy) };
  const data = new Float32Array(copy);
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new DataError(
      `${where}: expected finite numbers, got ${data[bad]} at position ${bad}; remove or replace it`,
    );
  }
  return { type: 'float32', dims, data };
}
