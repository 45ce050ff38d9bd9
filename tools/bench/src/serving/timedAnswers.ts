import { ResultError } from '@onda/contract';
import { median, percentile } from '../report/measurement.ts';

/** Answers to scheduled requests, in the order in which these were due. */
export interface TimedAnswers {
  /** When each request was due, milliseconds since 1970. */
  readonly atMs: Float64Array;
  /** From then until the answer, milliseconds. */
  readonly tookMs: Float64Array;
  /** HTTP status; 0: no answer. */
  readonly status: Uint16Array;
}

/** The answers in an interval. */
export interface Interval {
  /** Status 200. */
  answered: number;
  /** Asked to retry: 429 or 503. */
  refused: number;
  /** Anything else. */
  failed: number;
  /** Milliseconds of those answered; NaN without any. */
  p50: number;
  p99: number;
}

export function isRefusal(status: number): boolean {
  return status === 503 || status === 429;
}

/** @param fromMs on the clock of `atMs`, up to `toMs` exclusive */
export function intervalOf(loads: readonly TimedAnswers[], fromMs = -Infinity, toMs = Infinity): Interval {
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

/** The median of the p99 of each second: a moment of another process's load is one second of many. NaN without answers. */
export function p99OfSeconds(loads: readonly TimedAnswers[], fromMs: number, toMs: number): number {
  const p99s: number[] = [];
  for (let at = fromMs; at < toMs; at += 1000) {
    const { answered, p99 } = intervalOf(loads, at, Math.min(at + 1000, toMs));
    if (answered > 0) p99s.push(p99);
  }
  return p99s.length === 0 ? NaN : median(p99s);
}

/**
 * Answers of a load generator with a fixed rate that sends late when it has no free connection: the delay counts as time of the request,
 * since its user waits that long (coordinated omission).
 *
 * @param sentMs when each was sent
 * @param rate   due requests per second; null: each was due when it was sent
 */
export function bySchedule(
  sentMs: readonly number[],
  tookMs: readonly number[],
  status: readonly number[],
  rate: number | null,
): TimedAnswers {
  const order = Array.from(sentMs, (_, index) => index).sort((a, b) => sentMs[a] - sentMs[b]);
  const first = order.length > 0 ? sentMs[order[0]] : 0;
  // An early request was sent when its own connection was due.
  const late = order.map((index, place) =>
    rate === null ? 0 : Math.max(0, sentMs[index] - (first + (place * 1000) / rate)),
  );
  return {
    atMs: Float64Array.from(order, (index, place) => sentMs[index] - late[place]),
    tookMs: Float64Array.from(order, (index, place) => tookMs[index] + late[place]),
    status: Uint16Array.from(order, (index) => status[index]),
  };
}

/** A rate is sustained when this share of its requests is answered and the p99 of most seconds is within a limit. */
const SUSTAINED_SHARE = 0.999;

/** The first rate, requests per second; the growth from one rate to the next; tries between the last sustained rate and the next. */
const search = { first: 1000, growth: 1.4, refinements: 3 };

export interface TopRate {
  rate: number;
  /** Median over the seconds, milliseconds. */
  p99: number;
  /** A sentence for the notes. */
  note: string;
}

/**
 * Finds the highest sustained rate by short runs. A rate that fails is tried again, since another process may have interfered.
 *
 * @param tryRate requests at a rate for some seconds
 * @param limitMs of the p99
 * @throws ResultError where not even the first rate is sustained
 */
export async function findTopRate(
  tryRate: (rate: number) => Promise<readonly TimedAnswers[]>,
  limitMs: number,
): Promise<TopRate> {
  const sustained = `at most 1 of 1000 failed, and a p99 of at most ${limitMs} ms (the median over the seconds), from when a request was due`;
  let best: { rate: number; p99: number } | undefined;
  const once = async (rate: number): Promise<boolean> => {
    const loads = await tryRate(rate);
    const { answered, refused, failed } = intervalOf(loads);
    const times = loads.flatMap(({ atMs }) => [atMs[0], atMs[atMs.length - 1]]);
    const p99 = p99OfSeconds(loads, Math.min(...times), Math.max(...times) + 1);
    const good = answered >= SUSTAINED_SHARE * (answered + refused + failed) && p99 <= limitMs;
    if (good) best = { rate, p99 };
    return good;
  };
  const isSustained = async (rate: number): Promise<boolean> => (await once(rate)) || once(rate);
  let low = 0;
  let high = search.first;
  while (await isSustained(high)) [low, high] = [high, Math.round(high * search.growth)];
  for (let refinement = 0; refinement < search.refinements && low > 0; refinement++) {
    const middle = Math.round((low + high) / 2);
    if (await isSustained(middle)) low = middle;
    else high = middle;
  }
  if (best === undefined)
    throw new ResultError(
      `bench: expected ${search.first} requests per second to be sustained (${sustained}), they were not; repeat the measurement on a quiet machine`,
    );
  const note = `Maximum rate: ${best.rate} requests per second, the highest sustained rate that was tried: ${sustained}.`;
  return { ...best, note };
}
