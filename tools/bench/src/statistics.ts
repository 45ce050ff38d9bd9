/** Where a list of measurements lies. */
export interface Spread {
  median: number;
  min: number;
  max: number;
  /** How many there were. */
  runs: number;
}

/**
 * The middle value; of an even number of them, the mean of the two in the middle.
 *
 * @throws RangeError for no values
 */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('median: expected at least one value, got none');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** @throws RangeError for no values */
export function spread(values: readonly number[]): Spread {
  return {
    median: median(values),
    min: Math.min(...values),
    max: Math.max(...values),
    runs: values.length,
  };
}

/**
 * How many times as long as its peer something took, round by round: what slows the machine in one round slows both.
 *
 * @param values of each round; a system may leave out the last rounds
 * @param peers  of the same rounds
 */
export function roundRatios(values: readonly number[], peers: readonly number[]): number[] {
  return values.slice(0, peers.length).map((value, round) => value / peers[round]);
}
