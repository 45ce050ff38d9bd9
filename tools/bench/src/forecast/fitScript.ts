// Fits Onda's forecaster to a job and writes its forecasts: fitScript.ts JOB ANSWER
import { fitForecaster } from '@onda/forecasting';
import { openBackend } from '@onda/tfjs-native';
import { seriesSet } from './competitions.ts';
import { readJob, writeJson } from './forecastJob.ts';

const [job, answer] = process.argv.slice(2);
const { period, horizon, levels, seconds, series, related } = readJob(job);
await openBackend();
const setOf = (histories: readonly (readonly number[])[]): ReturnType<typeof seriesSet> =>
  seriesSet(
    histories.map((history, index) => ({ id: String(index), history: [...history], future: [] })),
    period,
    'history',
  );
const started = performance.now();
const forecaster = await fitForecaster(setOf(series), {
  ...{ horizon, levels, timeLimitMs: 1000 * seconds },
  ...(related.length > 0 && { related: setOf(related) }),
  onProgress: (line) => {
    console.error(line);
  },
});
const forecasts = forecaster
  .forecast()
  .map(({ quantiles }) =>
    Array.from({ length: horizon }, (_, step) =>
      Array.from(quantiles.subarray(step * levels.length, (step + 1) * levels.length)),
    ),
  );
writeJson(answer, {
  seconds: (performance.now() - started) / 1000,
  forecasts,
  choices: [...forecaster.choices],
});
