/** Samples looked at: the end of a long series. */
const mostSamples = 4000;

/** Autocorrelation from which a period counts as a season. */
const leastCorrelation = 0.3;

/**
 * Finds the season of a series without times: the lag of the highest peak of the autocorrelation, after the linear trend is removed.
 *
 * @param values row-major, shape [samples, targets]; the first target is used
 * @returns samples per season, 1 if there is none
 */
export function findSeason(values: Float64Array, targets: number): number {
  const all = values.filter((_, index) => index % targets === 0);
  const residuals = withoutTrend(all.subarray(Math.max(0, all.length - mostSamples)));
  const mostLag = Math.min(Math.floor(residuals.length / 3), 500);
  const correlations = Array.from({ length: mostLag + 1 }, (_, lag) => autocovariance(residuals, lag));
  let best = 1;
  let highest = leastCorrelation * correlations[0];
  // Before the first negative value the peak at lag 0 fades.
  let lag = correlations.findIndex((value) => value < 0);
  for (; lag > 1 && lag < mostLag; lag++) {
    const value = correlations[lag];
    if (
      value > highest * (best === 1 ? 1 : 1.05) &&
      value >= correlations[lag - 1] &&
      value >= correlations[lag + 1]
    ) {
      [best, highest] = [lag, value];
    }
  }
  return best;
}

function autocovariance(values: Float64Array, lag: number): number {
  let sum = 0;
  for (let index = lag; index < values.length; index++) sum += values[index] * values[index - lag];
  return sum / Math.max(1, values.length - lag);
}

/** Residuals of the least-squares line. */
function withoutTrend(values: Float64Array): Float64Array {
  const count = values.length;
  const middle = (count - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value / count, 0);
  let slope = 0;
  let spread = 0;
  for (let index = 0; index < count; index++) {
    slope += (index - middle) * (values[index] - mean);
    spread += (index - middle) ** 2;
  }
  return values.map((value, index) => value - mean - (spread === 0 ? 0 : slope / spread) * (index - middle));
}
