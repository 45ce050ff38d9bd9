import { typedArrays } from '@onda/contract';
import type { RuntimeTensor } from '@onda/runtime';

export type Tensors = Readonly<Record<string, RuntimeTensor>>;

/**
 * Concatenates the rows of several requests.
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
  const { type } = first;
  if (type === 'string') return { type, dims, data: tensors.flatMap(({ data }) => data as string[]) };
  const data = new typedArrays[type](length);
  let offset = 0;
  for (const tensor of tensors) {
    data.set(tensor.data as never, offset);
    offset += tensor.data.length;
  }
  return { type, dims, data } as RuntimeTensor;
}

/**
 * The rows of one request from the result of a batch, as views.
 *
 * @param from first of the `rows` rows
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
    const dims = tensor.dims.slice();
    dims[0] = rows;
    const start = from * width;
    const end = start + rows * width;
    const { type, data } = tensor;
    const part = Array.isArray(data) ? data.slice(start, end) : data.subarray(start, end);
    taken[name] = { type, dims, data: part } as RuntimeTensor;
  }
  return taken;
}

/**
 * Some rows of tensors, copied in the given order.
 *
 * @param tensors [rows, ...] each
 */
export function gatherRows(tensors: Tensors, rows: readonly number[]): Record<string, RuntimeTensor> {
  const gathered: Record<string, RuntimeTensor> = {};
  for (const name in tensors) {
    const { type, dims, data } = tensors[name];
    const width = data.length / dims[0];
    const values =
      type === 'string' ? new Array<string>(rows.length * width) : new typedArrays[type](rows.length * width);
    for (let index = 0; index < rows.length; index++) {
      for (let value = 0; value < width; value++) {
        values[index * width + value] = data[rows[index] * width + value];
      }
    }
    gathered[name] = { type, dims: [rows.length, ...dims.slice(1)], data: values } as RuntimeTensor;
  }
  return gathered;
}
