import type { SeriesSet } from '@onda/series';

/** Share of the shortest series that is held out at most, where it has room for more than one forecast. */
const share = 0.2;

/** Forecasts without overlap that fit in a hold-out. */
const mostForecasts = 5;

/** How many samples to hold out: a multiple of the horizon, about a fifth of the shortest series. */
export function chooseHoldout({ series }: SeriesSet, horizon: number): number {
  const shortest = Math.min(...series.map(({ length }) => length));
  const forecasts = Math.floor((share * shortest) / horizon);
  return horizon * Math.min(mostForecasts, Math.max(1, forecasts));
}
