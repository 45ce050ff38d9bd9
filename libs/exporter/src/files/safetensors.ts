import { isObject } from '../artifacts/json.ts';
import type { Weight } from '../artifacts/weights.ts';
import { halfToFloat } from '../artifacts/halfFloat.ts';
import { FileBytes } from './bytes.ts';

/** How the elements of a type are read. */
const readers: Readonly<Record<string, [size: number, read: (view: DataView, at: number) => number]>> = {
  BF16: [2, bfloat16],
  F16: [2, (view, at) => halfToFloat(view.getUint16(at, true))],
  F32: [4, (view, at) => view.getFloat32(at, true)],
  F64: [8, (view, at) => view.getFloat64(at, true)],
};

const scratch = new DataView(new ArrayBuffer(4));

/** A bfloat16 is the upper half of a float32. */
function bfloat16(view: DataView, at: number): number {
  scratch.setUint16(0, view.getUint16(at, true));
  return scratch.getFloat32(0);
}

/**
 * The tensors of a safetensors file: the length of a JSON header, the header, then the bytes.
 *
 * @param file name for errors
 * @throws ModelError for a damaged file, or a tensor that does not hold floats
 */
export function readSafetensors(source: Uint8Array, file: string): Map<string, Weight> {
  const bytes = new FileBytes(source, file);
  const length = bytes.u64(0);
  const start = 8 + length;
  let header: unknown;
  try {
    header = JSON.parse(bytes.text(8, length));
  } catch {
    bytes.damaged('expected a JSON header, as safetensors files have it, got other bytes');
  }
  const tensors = new Map<string, Weight>();
  let left = bytes.size;
  for (const [name, entry] of Object.entries(isObject(header) ? header : {})) {
    if (name === '__metadata__') continue;
    const { dtype, shape, data_offsets: offsets } = isObject(entry) ? entry : {};
    const type = String(dtype);
    const dims = Array.isArray(shape) ? shape.map(Number) : [-1];
    const [from, to] = (Array.isArray(offsets) ? offsets : []).map(Number);
    if (!Object.hasOwn(readers, type) || !dims.every((dim) => Number.isSafeInteger(dim) && dim >= 0))
      bytes.damaged(`"${name}": expected floats with a shape, got ${type}`);
    const [size, read] = readers[type];
    const count = dims.reduce((product, dim) => product * dim, 1);
    left -= count * size;
    if (to - from !== count * size || left < 0)
      bytes.damaged(`"${name}": expected ${count * size} bytes of its own, got ${to - from}`);
    const { buffer, byteOffset } = bytes.slice(start + from, count * size);
    const view = new DataView(buffer, byteOffset, count * size);
    const data = Float32Array.from({ length: count }, (_, at) => read(view, at * size));
    tensors.set(name, { name, shape: dims, data });
  }
  return tensors;
}
