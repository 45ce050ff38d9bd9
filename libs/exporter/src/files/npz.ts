import { FileBytes } from './bytes.ts';
import { readZip } from './zip.ts';

/** An array of NumPy. */
export interface NpyArray {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Float64Array;
}

/** How the elements of a type are read; all in little-endian order. */
const readers: Readonly<Record<string, [size: number, read: (view: DataView, at: number) => number]>> = {
  b1: [1, (view, at) => view.getUint8(at)],
  i1: [1, (view, at) => view.getInt8(at)],
  u1: [1, (view, at) => view.getUint8(at)],
  i2: [2, (view, at) => view.getInt16(at, true)],
  u2: [2, (view, at) => view.getUint16(at, true)],
  i4: [4, (view, at) => view.getInt32(at, true)],
  u4: [4, (view, at) => view.getUint32(at, true)],
  f4: [4, (view, at) => view.getFloat32(at, true)],
  f8: [8, (view, at) => view.getFloat64(at, true)],
  i8: [8, (view, at) => Number(view.getBigInt64(at, true))],
  u8: [8, (view, at) => Number(view.getBigUint64(at, true))],
};

/**
 * The arrays of an `.npz` file by name, as `numpy.savez` writes them.
 *
 * @param file name for errors
 * @throws ModelError for a damaged file, or an array of another type or order
 */
export function readNpz(bytes: Uint8Array, file: string): Map<string, NpyArray> {
  const zip = readZip(new FileBytes(bytes, file));
  const arrays = new Map<string, NpyArray>();
  for (const name of zip.names) {
    const content = zip.read(name);
    if (content !== undefined && name.endsWith('.npy'))
      arrays.set(name.slice(0, -4), readNpy(new FileBytes(content, `${file}: ${name}`)));
  }
  return arrays;
}

/** One array (NEP 1): a header in Python's notation, then the elements. */
function readNpy(bytes: FileBytes): NpyArray {
  const version = bytes.u8(6);
  const [start, length] = version === 1 ? [10, bytes.u16(8)] : [12, bytes.u32(8)];
  const header = bytes.text(start, length);
  const type = /'descr':\s*'[<|]?(\w+)'/.exec(header)?.[1] ?? 'none';
  const shape = /'shape':\s*\(([\d, ]*)\)/.exec(header)?.[1];
  const rowMajor = /'fortran_order':\s*False/.test(header);
  if (bytes.ascii(1, 5) !== 'NUMPY' || shape === undefined || !rowMajor || !Object.hasOwn(readers, type)) {
    bytes.damaged(
      `expected an array of numbers in C order, got ${header.slice(0, 80).trim()}; write it with numpy.ascontiguousarray in float32`,
    );
  }
  const dims = shape
    .split(',')
    .filter((dim) => dim.trim() !== '')
    .map(Number);
  const [size, read] = readers[type];
  const count = dims.reduce((product, dim) => product * dim, 1);
  const { buffer, byteOffset, byteLength } = bytes.slice(start + length, count * size);
  const view = new DataView(buffer, byteOffset, byteLength);
  return { shape: dims, data: Float64Array.from({ length: count }, (_, at) => read(view, at * size)) };
}
