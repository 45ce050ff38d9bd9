/** An input or output of one run: dims and values, whole numbers as floats too. */
export interface Values {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

/** Samples [from, to) of values [batch, time, ...]. */
export function takeSamples({ dims, data }: Values, from: number, to: number): Values {
  const [batch, time, ...rest] = dims;
  const size = rest.reduce((product, dim) => product * dim, 1);
  const taken = new Float32Array(batch * (to - from) * size);
  for (let row = 0; row < batch; row++) {
    const start = row * time * size;
    taken.set(data.subarray(start + from * size, start + to * size), row * (to - from) * size);
  }
  return { dims: [batch, to - from, ...rest], data: taken };
}

/** Two pieces [batch, time, ...] one after the other along the time. */
export function joinSamples(first: Values, second: Values): Values {
  const [batch, time, ...rest] = first.dims;
  const sizes = [first.data.length / batch, second.data.length / batch];
  const joined = new Float32Array(first.data.length + second.data.length);
  for (let row = 0; row < batch; row++) {
    const start = row * (sizes[0] + sizes[1]);
    joined.set(first.data.subarray(row * sizes[0], (row + 1) * sizes[0]), start);
    joined.set(second.data.subarray(row * sizes[1], (row + 1) * sizes[1]), start + sizes[0]);
  }
  return { dims: [batch, time + second.dims[1], ...rest], data: joined };
}
