import { percentile } from '../serving/loadResult.ts';
import { median } from '../statistics.ts';

/** Answers to requests that were sent by a schedule, in the order in which they were to be sent. */
export interface TimedAnswers {
  /** When each was to be sent, milliseconds since 1970. */
  readonly atMs: Float64Array;
  /** From then until its answer was there, milliseconds. */
  readonly tookMs: Float64Array;
  /** Of HTTP; 0: none came. */
  readonly status: Uint16Array;
}

/** What of the answers fell into a stretch of time. */
export interface Stretch {
  /** Answered with 200. */
  answered: number;
  /** Told to come again: 429 or 503. */
  refused: number;
  /** Any other end. */
  failed: number;
  /** Milliseconds from when it was to be sent until half of the answers had come, and 99 of 100; NaN where none came. */
  p50: number;
  p99: number;
}

/** Whether a status of HTTP tells the client to come again. */
export function isRefusal(status: number): boolean {
  return status === 503 || status === 429;
}

/** @param fromMs on the clock of `atMs`; up to `toMs`, without it */
export function stretchOf(loads: readonly TimedAnswers[], fromMs: number, toMs: number): Stretch {
  const times: number[] = [];
  let refused = 0;
  let failed = 0;
  for (const { atMs, tookMs, status } of loads) {
    for (let index = 0; index < atMs.length; index++) {
      if (atMs[index] < fromMs || atMs[index] >= toMs) continue;
      if (status[index] === 200) times.push(tookMs[index]);
      else if (isRefusal(status[index])) refused++;
      else failed++;
    }
  }
  const sorted = Float64Array.from(times).sort();
  const at = (share: number): number => (sorted.length === 0 ? NaN : percentile(sorted, share));
  return { answered: times.length, refused, failed, p50: at(0.5), p99: at(0.99) };
}

/**
 * The median over the seconds of a stretch of their p99: a moment in which something else had the processors is one of them.
 *
 * @returns milliseconds; NaN where nothing was answered
 */
export function p99OfSeconds(loads: readonly TimedAnswers[], fromMs: number, toMs: number): number {
  const p99s: number[] = [];
  for (let at = fromMs; at < toMs; at += 1000) {
    const { answered, p99 } = stretchOf(loads, at, Math.min(at + 1000, toMs));
    if (answered > 0) p99s.push(p99);
  }
  return p99s.length === 0 ? NaN : median(p99s);
}

/**
 * Answers of a load maker that sends at a fixed rate as long as it has a connection free, and later where it has none: what it was late
 * counts as time of the request, since its user waits that long (coordinated omission).
 *
 * @param sentMs when each was sent
 * @param rate   requests a second that were to be sent, one after the other; null: each was to be sent when it was
 */
export function bySchedule(
  sentMs: readonly number[],
  tookMs: readonly number[],
  status: readonly number[],
  rate: number | null,
): TimedAnswers {
  const order = Array.from(sentMs, (_, index) => index).sort((a, b) => sentMs[a] - sentMs[b]);
  const first = order.length > 0 ? sentMs[order[0]] : 0;
  // One that was sent early was sent when its own connection's turn came.
  const late = order.map((index, place) =>
    rate === null ? 0 : Math.max(0, sentMs[index] - (first + (place * 1000) / rate)),
  );
  return {
    atMs: Float64Array.from(order, (index, place) => sentMs[index] - late[place]),
    tookMs: Float64Array.from(order, (index, place) => tookMs[index] + late[place]),
    status: Uint16Array.from(order, (index) => status[index]),
  };
}
