import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

/** What a forecaster is given, as a JSON file. */
export interface ForecastJob {
  period: number;
  horizon: number;
  /** Ascending. */
  levels: readonly number[];
  /** Time limit of the fit. */
  seconds: number;
  /** Histories. */
  series: readonly (readonly number[])[];
  /** Series that are learned from, but not forecast. */
  related: readonly (readonly number[])[];
}

const answer = z.strictObject({
  /** From the histories to the forecasts, without the start of the process. */
  seconds: z.number().nonnegative(),
  /** Shape [series, horizon, levels]. */
  forecasts: z.array(z.array(z.array(z.number()))),
  /** What was chosen, one sentence each. */
  choices: z.array(z.string()).optional(),
});
export type ForecastAnswer = z.infer<typeof answer>;

export function readJob(file: string): ForecastJob {
  return JSON.parse(readFileSync(file, 'utf8')) as ForecastJob;
}

export function readAnswer(file: string): ForecastAnswer {
  return answer.parse(JSON.parse(readFileSync(file, 'utf8')));
}

export function writeJson(file: string, value: ForecastJob | ForecastAnswer): void {
  writeFileSync(file, JSON.stringify(value));
}
