/** The difference between two rows of values. NaN on either side (no truth there) is skipped. */
export interface Difference {
  /** Largest absolute difference; NaN when there was nothing to compare. */
  maxAbs: number;
  /** Its index; -1 when there was nothing to compare. */
  at: number;
  meanSquare: number;
}

/** Compares value by value as far as the shorter one goes. */
export function difference(actual: ArrayLike<number>, expected: ArrayLike<number>): Difference {
  let maxAbs = NaN;
  let at = -1;
  let squares = 0;
  let count = 0;
  for (let index = 0; index < Math.min(actual.length, expected.length); index++) {
    const distance = Math.abs(actual[index] - expected[index]);
    if (Number.isNaN(distance)) continue;
    squares += distance * distance;
    count++;
    if (!(distance <= maxAbs)) {
      maxAbs = distance;
      at = index;
    }
  }
  return { maxAbs, at, meanSquare: squares / count };
}
