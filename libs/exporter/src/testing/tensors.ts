/** A tensor in double precision, row-major. */
export interface Tensor64 {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

/** A tensor whose values are computed from their indices. */
export function tensorOf(shape: readonly number[], valueAt: (index: readonly number[]) => number): Tensor64 {
  const data = new Float64Array(sizeOf(shape));
  const index = new Array<number>(shape.length).fill(0);
  for (let at = 0; at < data.length; at++) {
    data[at] = valueAt(index);
    for (let dim = shape.length - 1; dim >= 0 && ++index[dim] === shape[dim]; dim--) index[dim] = 0;
  }
  return { shape, data };
}

/** The value at an index; indices of dims of size 1 are ignored (broadcasting), missing leading dims too. */
export function valueAt({ shape, data }: Tensor64, index: readonly number[]): number {
  let at = 0;
  const skipped = index.length - shape.length;
  shape.forEach((dim, axis) => {
    at = at * dim + (dim === 1 ? 0 : index[axis + skipped]);
  });
  return data[at];
}

export function mapValues({ shape, data }: Tensor64, f: (value: number) => number): Tensor64 {
  return { shape, data: data.map(f) };
}

/** f(a, b) with broadcasting of dims of size 1. */
export function combine(a: Tensor64, b: Tensor64, f: (x: number, y: number) => number): Tensor64 {
  const rank = Math.max(a.shape.length, b.shape.length);
  const dim = ({ shape }: Tensor64, axis: number): number => shape.at(axis - rank) ?? 1;
  const shape = Array.from({ length: rank }, (_, axis) => Math.max(dim(a, axis), dim(b, axis)));
  return tensorOf(shape, (index) => f(valueAt(a, index), valueAt(b, index)));
}

/** Folds the values along axes. */
export function fold(
  x: Tensor64,
  axes: readonly number[],
  keep: boolean,
  result: (values: number[]) => number,
): Tensor64 {
  const groups = new Map<number, number[]>();
  const kept = x.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
  tensorOf(x.shape, (index) => {
    const at = kept.reduce((place, dim, axis) => place * dim + (dim === 1 ? 0 : index[axis]), 0);
    const group = groups.get(at);
    const value = valueAt(x, index);
    if (group === undefined) groups.set(at, [value]);
    else group.push(value);
    return 0;
  });
  const data = Float64Array.from({ length: sizeOf(kept) }, (_, at) => result(groups.get(at) ?? []));
  return { shape: keep ? kept : kept.filter((_, axis) => !axes.includes(axis)), data };
}

export function concatenate(parts: readonly Tensor64[], axis: number): Tensor64 {
  const [{ shape: first }] = parts;
  const shape = first.map((dim, at) =>
    at === axis ? parts.reduce((sum, part) => sum + part.shape[axis], 0) : dim,
  );
  return tensorOf(shape, (index) => {
    let at = index[axis];
    const part = parts.find((one) => at < one.shape[axis] || ((at -= one.shape[axis]), false)) ?? parts[0];
    // Dims of size 1 along the axis would be broadcast by valueAt, which is the same value.
    return valueAt(part, index.with(axis, at));
  });
}
