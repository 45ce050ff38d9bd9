/** Maps values linearly to positions in a picture. */
export interface Scale {
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
}

/** Position of a value. */
export function place({ from, to }: Scale, value: number): number {
  return to[0] + ((value - from[0]) / (from[1] - from[0])) * (to[1] - to[0]);
}

/**
 * Round values (1, 2 or 5 times a power of ten apart) inside a range.
 *
 * @param count about how many
 */
export function ticks([low, high]: readonly [number, number], count: number): number[] {
  const raw = (high - low) / count;
  if (!(raw > 0) || !Number.isFinite(raw)) return [];
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= raw) ?? 10);
  const decimals = Math.max(0, -Math.floor(Math.log10(step)));
  const values: number[] = [];
  for (let index = Math.ceil(low / step - 1e-9); index * step <= high + step * 1e-9; index++) {
    values.push(Number((index * step).toFixed(decimals)));
  }
  return values;
}

/** The range of finite values, widened by a share of itself on both sides; around a single value, one on both sides. */
export function paddedRange(values: Iterable<number>, share: number): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return [-1, 1];
  const padding = high > low ? (high - low) * share : 1;
  return [low - padding, high + padding];
}
