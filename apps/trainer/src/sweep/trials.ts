import type { SweepSearch, SweepValues } from '@onda/contract';
import { ConfigError } from '@onda/contract';
import { createRandom } from '@onda/series';

/** A fit of a sweep. */
export interface Trial {
  /** `003`, in later rounds of successive halving `003-2`: number and round. */
  id: string;
  number: number;
  /** Round of successive halving, from 1; 1 in other searches. */
  round: number;
  /** Values by key of the fit configuration. */
  settings: Readonly<Record<string, unknown>>;
}

/** The result of a trial; lower metrics are better. */
export interface TrialResult extends Trial {
  /** Null where the fit failed. */
  metric: number | null;
  /** Why the fit failed. */
  error?: string;
  seconds: number;
}

/** Most trials of a grid, against typing errors. */
const mostTrials = 10_000;

const trialOf = (number: number, round: number, settings: Trial['settings']): Trial => ({
  id: `${String(number).padStart(3, '0')}${round > 1 ? `-${round}` : ''}`,
  number,
  round,
  settings,
});

/**
 * The trials of the first round: all combinations of a grid, or drawn ones. Equal combinations are drawn once.
 *
 * @throws ConfigError for a grid of too many combinations
 */
export function firstTrials(search: SweepSearch, values: SweepValues): Trial[] {
  const settings = search.method === 'grid' ? gridSettings(values) : drawnSettings(search, values);
  const more = search.method === 'halving' ? { [search.resource]: search.from } : {};
  return settings.map((one, index) => trialOf(index + 1, 1, { ...one, ...more }));
}

/**
 * The trials of the next round of successive halving: the best of this round with more of the resource.
 *
 * @param results of all trials of one round
 * @returns none after the last round
 */
export function nextTrials(search: SweepSearch, results: readonly TrialResult[]): Trial[] {
  if (search.method !== 'halving' || results.length === 0) return [];
  const { resource, to, factor } = search;
  const used = Number(results[0].settings[resource]);
  const kept = rankTrials(results).filter(({ metric }) => metric !== null);
  const count = Math.min(kept.length, Math.ceil(results.length / factor));
  // The last remaining trial is fitted with the whole resource.
  if (used >= to || count === 0) return [];
  const amount = count === 1 ? to : Math.min(to, used * factor);
  return kept
    .slice(0, count)
    .map(({ number, round, settings }) => trialOf(number, round + 1, { ...settings, [resource]: amount }));
}

/** Best first: last rounds first, then by metric; failed trials last. */
export function rankTrials(results: readonly TrialResult[]): TrialResult[] {
  const place = ({ metric, round }: TrialResult): number => (metric === null ? -1 : round);
  return [...results].sort(
    (a, b) => place(b) - place(a) || (a.metric ?? 0) - (b.metric ?? 0) || a.number - b.number,
  );
}

function gridSettings(values: SweepValues): Record<string, unknown>[] {
  const lists = Object.entries(values) as [string, unknown[]][];
  const combinations = lists.reduce((product, [, list]) => product * list.length, 1);
  if (combinations > mostTrials) {
    throw new ConfigError(
      `values: expected a grid of at most ${mostTrials} combinations, got ${combinations}; list fewer values, or set search: { method: random, trials: 20 }`,
    );
  }
  return lists.reduce<Record<string, unknown>[]>(
    (all, [key, list]) => all.flatMap((settings) => list.map((value) => ({ ...settings, [key]: value }))),
    [{}],
  );
}

function drawnSettings(
  { trials, seed }: Extract<SweepSearch, { trials: number }>,
  values: SweepValues,
): Record<string, unknown>[] {
  const random = createRandom(seed);
  const drawn = new Map<string, Record<string, unknown>>();
  // The values may have fewer combinations than trials.
  for (let tries = 0; drawn.size < trials && tries < 20 * trials; tries++) {
    const settings = Object.fromEntries(
      Object.entries(values).map(([key, given]) => [
        key,
        Array.isArray(given)
          ? given[random.int(given.length)]
          : drawNumber(given, (low, high) => random.uniform(low, high)),
      ]),
    );
    drawn.set(JSON.stringify(settings), settings);
  }
  return [...drawn.values()];
}

function drawNumber(
  { from, to, scale, whole }: Exclude<SweepValues[string], unknown[]>,
  uniform: (low: number, high: number) => number,
): number {
  const value = scale === 'log' ? Math.exp(uniform(Math.log(from), Math.log(to))) : uniform(from, to);
  // Four digits are enough to choose by, and readable.
  return whole ? Math.round(value) : Math.min(to, Math.max(from, Number(value.toPrecision(4))));
}
