import type { RuntimeTensor } from '@onda/runtime';

/** Samples of some rows: [batch, time, ...]. */
export type Samples = Extract<RuntimeTensor, { type: 'float32' | 'int32' }>;

/** The samples from `from` up to `to` of every row: a copy. */
export function takeSamples<Tensor extends Samples>(
  { type, dims, data }: Tensor,
  from: number,
  to: number,
): Tensor {
  const [batch, time, ...rest] = dims;
  const width = data.length / (batch * time);
  const all = new (data.constructor as Float32ArrayConstructor)(batch * (to - from) * width);
  for (let row = 0; row < batch; row++) {
    const start = row * time * width;
    all.set(data.subarray(start + from * width, start + to * width), row * (to - from) * width);
  }
  return { type, dims: [batch, to - from, ...rest], data: all } as unknown as Tensor;
}

/** One after the other, row by row. */
export function joinSamples(first: Samples, second: Samples): Samples {
  const [batch, time, ...rest] = first.dims;
  const length = time + second.dims[1];
  const width = first.data.length / (batch * time);
  const all = new (first.data.constructor as Float32ArrayConstructor)(batch * length * width);
  for (const [part, offset] of [
    [first, 0],
    [second, time],
  ] as const) {
    const size = part.dims[1] * width;
    for (let row = 0; row < batch; row++) {
      all.set(part.data.subarray(row * size, (row + 1) * size), (row * length + offset) * width);
    }
  }
  return { type: first.type, dims: [batch, length, ...rest], data: all } as unknown as Samples;
}
