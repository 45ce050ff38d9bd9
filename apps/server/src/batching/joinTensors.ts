import type { RuntimeTensor } from '@onda/runtime';

export type Tensors = Readonly<Record<string, RuntimeTensor>>;

/**
 * Puts the rows of several requests under one another.
 *
 * @param parts the same names in each, types and dims equal but for the first: [rows, ...]
 * @returns a new tensor for each name, [sum of rows, ...]
 */
export function joinTensors(parts: readonly Tensors[]): Record<string, RuntimeTensor> {
  const joined: Record<string, RuntimeTensor> = {};
  for (const name of Object.keys(parts[0])) joined[name] = joinOne(parts.map((part) => part[name]));
  return joined;
}

function joinOne(tensors: readonly RuntimeTensor[]): RuntimeTensor {
  const [first] = tensors;
  let rows = 0;
  let length = 0;
  for (const { dims, data } of tensors) {
    rows += dims[0];
    length += data.length;
  }
  const dims = [rows, ...first.dims.slice(1)];
  let offset = 0;
  if (first.type === 'int64') {
    const data = new BigInt64Array(length);
    for (const tensor of tensors) {
      data.set(tensor.data as BigInt64Array, offset);
      offset += tensor.data.length;
    }
    return { type: 'int64', dims, data };
  }
  const data = new Float32Array(length);
  for (const tensor of tensors) {
    data.set(tensor.data as Float32Array, offset);
    offset += tensor.data.length;
  }
  return { type: 'float32', dims, data };
}

/**
 * The rows of one request out of a joined answer: views, nothing is copied.
 *
 * @param from first row, of the `rows` that are taken
 */
export function takeRows(
  joined: Tensors,
  names: readonly string[],
  from: number,
  rows: number,
): Record<string, RuntimeTensor> {
  const taken: Record<string, RuntimeTensor> = {};
  for (const name of names) {
    const tensor = joined[name];
    const width = tensor.data.length / tensor.dims[0];
    const dims = [rows, ...tensor.dims.slice(1)];
    const [start, end] = [from * width, (from + rows) * width];
    taken[name] =
      tensor.type === 'int64'
        ? { type: 'int64', dims, data: tensor.data.subarray(start, end) }
        : { type: 'float32', dims, data: tensor.data.subarray(start, end) };
  }
  return taken;
}
