import { floatTensor, type FloatTensor } from '@onda/runtime';

const product = (dims: readonly number[]): number => dims.reduce((size, dim) => size * dim, 1);

/** Places [from, to) along an axis. */
export function takeSamples(
  { dims, data }: FloatTensor,
  axis: number,
  from: number,
  to: number,
): FloatTensor {
  const before = product(dims.slice(0, axis));
  const after = product(dims.slice(axis + 1));
  const taken = new Float32Array(before * (to - from) * after);
  for (let row = 0; row < before; row++) {
    const start = row * dims[axis] * after;
    taken.set(data.subarray(start + from * after, start + to * after), row * (to - from) * after);
  }
  return floatTensor([...dims.slice(0, axis), to - from, ...dims.slice(axis + 1)], taken);
}

/** Pieces one after the other along an axis. */
export function joinSamples(parts: readonly FloatTensor[], axis: number): FloatTensor {
  const [{ dims }] = parts;
  const before = product(dims.slice(0, axis));
  const total = parts.reduce((sum, part) => sum + part.dims[axis], 0);
  const after = product(dims.slice(axis + 1));
  const whole = new Float32Array(before * total * after);
  let offset = 0;
  for (const part of parts) {
    const size = part.dims[axis] * after;
    for (let row = 0; row < before; row++)
      whole.set(part.data.subarray(row * size, (row + 1) * size), row * total * after + offset);
    offset += size;
  }
  return floatTensor([...dims.slice(0, axis), total, ...dims.slice(axis + 1)], whole);
}
