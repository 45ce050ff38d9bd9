import { DataError, ShapeError, typedArrays } from '@onda/contract';
import type { TensorSpec } from '@onda/contract';
import type { ProtocolTensor } from './datatypes.ts';
import { readNested } from './numbers.ts';
import { textsFromBytes } from './textBytes.ts';
import { valuesFromJson } from './valuesFromJson.ts';

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
  return {
    type: spec.type,
    dims,
    data: valuesFromJson(spec.type, nested.rows, count, where),
  } as ProtocolTensor;
}

/**
 * A tensor from the bytes after the JSON header (binary tensor extension): little-endian, row-major; strings each behind
 * their length.
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
  const { type } = spec;
  if (type === 'string') return { type, dims, data: textsFromBytes(bytes, count, where) };
  const list = typedArrays[type];
  const expected = count * list.BYTES_PER_ELEMENT;
  if (bytes.byteLength !== expected) {
    throw new ShapeError(
      `${where}: expected ${expected} bytes for shape [${dims.join(', ')}], got ${bytes.byteLength}; correct the shape or binary_data_size`,
    );
  }
  if (type === 'float32') return { type, dims, data: finiteFloats(bytes, count, where) };
  const copy = new ArrayBuffer(expected);
  new Uint8Array(copy).set(bytes);
  const tensor = { type, dims, data: new list(copy) } as ProtocolTensor;
  checkBytes(tensor, where);
  return tensor;
}

/** The numbers of most models: copied and checked in one pass. */
function finiteFloats(bytes: Uint8Array, count: number, where: string): Float32Array<ArrayBuffer> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Float32Array(count);
  for (let index = 0; index < count; index++) {
    const value = view.getFloat32(index * Float32Array.BYTES_PER_ELEMENT, true);
    if (!Number.isFinite(value)) throw notFinite(String(value), index, where);
    values[index] = value;
  }
  return values;
}

/** What bytes can say and the type does not mean. */
function checkBytes({ type, data }: ProtocolTensor, where: string): void {
  if (type === 'float64') {
    const bad = data.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw notFinite(String(data[bad]), bad, where);
  } else if (type === 'float16') {
    const bad = data.findIndex((bits) => (bits & HALF_EXPONENT) === HALF_EXPONENT);
    if (bad >= 0) throw notFinite('NaN or an infinity', bad, where);
  } else if (type === 'bool') {
    const bad = data.findIndex((value) => value > 1);
    if (bad < 0) return;
    throw new DataError(
      `${where}: expected bytes 0 and 1, got ${data[bad]} at position ${bad}; send 1 for true`,
    );
  }
}

/** All bits of a float16's exponent: set in NaN and the infinities alone. */
const HALF_EXPONENT = 0x7c00;

function notFinite(value: string, index: number, where: string): DataError {
  return new DataError(
    `${where}: expected finite numbers, got ${value} at position ${index}; remove or replace it`,
  );
}
