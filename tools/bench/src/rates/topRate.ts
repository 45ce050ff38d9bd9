import { ResultError } from '@onda/contract';
import type { Stretch, TimedAnswers } from './timedAnswers.ts';
import { p99OfSeconds, stretchOf } from './timedAnswers.ts';

/** A rate is held when so many of its requests are answered well, and in most seconds 99 of 100 within so long. */
const held = { share: 0.999, p99Ms: 50 } as const;

const heldText = `at most 1 of 1000 failed and a p99 of at most ${held.p99Ms} ms (the median over the seconds), from when a request was to be sent`;

/** Requests a second that any machine takes; and by how much a try is above the last. */
const FIRST_RATE = 1000;
const GROWTH = 1.4;

/** Tries between the last that was held and the first that was not. */
const REFINEMENTS = 3;

/** A rate that was tried. */
export interface Tried {
  rate: number;
  stretch: Stretch;
  /** Median over the seconds, milliseconds. */
  p99: number;
}

/**
 * The highest rate that is held, by tries of a few seconds each. One that fails is tried again: something else may have had the
 * processors.
 *
 * @param tryRate asks at a rate for a while
 * @returns null where not even the first is held
 */
export async function findTopRate(
  tryRate: (rate: number) => Promise<readonly TimedAnswers[]>,
): Promise<Tried | null> {
  let best: Tried | null = null;
  const wasHeld = async (rate: number): Promise<boolean> => {
    const loads = await tryRate(rate);
    const stretch = stretchOf(loads, -Infinity, Infinity);
    const { answered, refused, failed } = stretch;
    const times = loads.flatMap(({ atMs }) => [atMs[0], atMs[atMs.length - 1]]);
    const p99 = p99OfSeconds(loads, Math.min(...times), Math.max(...times) + 1);
    const good = answered >= held.share * (answered + refused + failed) && p99 <= held.p99Ms;
    if (good) best = { rate, stretch, p99 };
    return good;
  };
  let low = 0;
  let high = FIRST_RATE;
  const isHeld = async (rate: number): Promise<boolean> => (await wasHeld(rate)) || wasHeld(rate);
  while (await isHeld(high)) [low, high] = [high, Math.round(high * GROWTH)];
  for (let refinement = 0; refinement < REFINEMENTS && low > 0; refinement++) {
    const middle = Math.round((low + high) / 2);
    if (await isHeld(middle)) low = middle;
    else high = middle;
  }
  return best;
}

/**
 * The same for a bench that needs one, with a sentence that says which it is.
 *
 * @param bench its name
 * @throws ResultError where not even the first rate is held
 */
export async function topRateOf(
  bench: string,
  tryRate: (rate: number) => Promise<readonly TimedAnswers[]>,
): Promise<{ top: Tried; note: string }> {
  const top = await findTopRate(tryRate);
  if (top === null) {
    throw new ResultError(
      `bench ${bench}: expected ${FIRST_RATE} requests a second to be held (${heldText}), they were not; try again on a machine that is quiet`,
    );
  }
  return {
    top,
    note: `Top rate: ${top.rate} requests a second, the highest of some tries that was held: ${heldText}.`,
  };
}
