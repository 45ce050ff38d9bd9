/** What a load maker counted. */
export interface LoadResult {
  /** Answers a second. */
  rate: number;
  /** Milliseconds until half of the answers had come, and 99 of 100. */
  p50: number;
  p99: number;
  /** Requests that failed: another status than 200, or no answer. */
  failures: number;
}

/** @param sorted ascending, not empty */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}
