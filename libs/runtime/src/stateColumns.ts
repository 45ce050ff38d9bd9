import { floatTensor } from './floatTensor.ts';
import type { FloatTensor } from './floatTensor.ts';

/**
 * Cuts rows that hold several states into a tensor for each.
 *
 * @param sizes of the states, in the order of the row
 * @returns [batch, size] each
 */
export function splitColumns(
  { dims: [batch, width], data }: FloatTensor,
  sizes: readonly number[],
): FloatTensor[] {
  let offset = 0;
  return sizes.map((size) => {
    const part = new Float32Array(batch * size);
    for (let row = 0; row < batch; row++) {
      const start = row * width + offset;
      part.set(data.subarray(start, start + size), row * size);
    }
    offset += size;
    return floatTensor([batch, size], part);
  });
}

/** States [batch, size] each, one after the other in one row: [batch, state]. */
export function joinColumns(parts: readonly FloatTensor[]): FloatTensor {
  const [batch] = parts[0].dims;
  const width = parts.reduce((sum, { dims }) => sum + dims[1], 0);
  const data = new Float32Array(batch * width);
  let offset = 0;
  for (const part of parts) {
    const [, size] = part.dims;
    for (let row = 0; row < batch; row++) {
      data.set(part.data.subarray(row * size, (row + 1) * size), row * width + offset);
    }
    offset += size;
  }
  return floatTensor([batch, width], data);
}
