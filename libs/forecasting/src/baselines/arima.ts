import { DataError } from '@onda/contract';
import type { ColumnRule } from './columnForecast.ts';
import { moments } from './columnForecast.ts';

/** The longest season whose fit takes seconds rather than minutes. */
const longestSeason = 24;

/** Samples that a fit needs. */
export const arimaLeast = (period: number): number => Math.max(20, 2 * seasonOf(period) + 2);

const seasonOf = (period: number): number => (period > 1 && period <= longestSeason ? period : 0);

/**
 * A seasonal ARIMA model, its orders chosen by the package `arima` (C compiled to WebAssembly, 0.5 MB, loaded on the first forecast).
 * Seasons of more than 24 samples are left out.
 *
 * @throws DataError for a history that is too short
 */
export const arima: ColumnRule = async (values, { period, horizon }) => {
  const least = arimaLeast(period);
  if (values.length < least) {
    throw new DataError(
      `baseline arima: expected at least ${least} samples for a season of ${Math.max(1, seasonOf(period))}, got ${values.length}; leave this baseline out`,
    );
  }
  // Scaled: the package's optimizer depends on the unit.
  const { mean, scale } = moments(values);
  const { default: Arima } = await import('arima');
  const season = seasonOf(period);
  const model = new Arima({
    ...{ auto: true, p: 3, d: 2, q: 3, verbose: false },
    ...(season > 0 ? { P: 1, D: 1, Q: 1, s: season } : { P: 0, D: 0, Q: 0, s: 0 }),
  });
  try {
    model.train(Array.from(values, (value) => (value - mean) / scale));
    const [forecast, variances] = model.predict(horizon);
    return {
      values: forecast.map((value) => value * scale + mean),
      deviations: variances.map((variance) => scale * Math.sqrt(Math.max(0, variance))),
    };
  } finally {
    model.destroy();
  }
};
