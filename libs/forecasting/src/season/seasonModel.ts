import { thetaForecast } from '../baselines/theta.ts';
import { contextBefore, standardScale } from './seasonInputs.ts';
import type { SeasonNet } from './seasonNet.ts';
import type { SeasonSpec } from './seasonSpec.ts';
import { contextOf, LEAST_SHARE } from './seasonSpec.ts';

/** Samples of the history that Theta reads at most: whole seasons, three at least. */
export function thetaSamples(period: number): number {
  return period * Math.max(3, Math.floor(144 / period));
}

/** An ensemble of networks, averaged with the Theta method: the forecaster of the strategy `direct`. */
export interface SeasonModel {
  readonly spec: SeasonSpec;
  readonly members: readonly SeasonNet[];
  /** Share of Theta's forecast in the average, 0 to 1. */
  readonly theta: number;
}

/** A context in transformed units, and what brings a forecast back. */
interface Transformed {
  context: Float64Array;
  transform: (value: number) => number;
  restore: (value: number) => number;
}

/**
 * Forecasts the samples after each history.
 *
 * @param histories of one column each, in the units of the data
 * @returns quantiles in these units, ascending, each [horizon, levels]
 */
export function forecastColumns(model: SeasonModel, histories: readonly Float64Array[]): Float64Array[] {
  const { spec, members, theta } = model;
  const contexts = histories.map((history) => transformContext(spec, history));
  const outputs = inParts(contexts, (part) =>
    meanOutput(
      members,
      part.map(({ context }) => context),
    ),
  );
  return histories.map((history, row) =>
    finishForecast(spec, outputs[row], contexts[row], theta, theta > 0 ? thetaOf(spec, history) : null),
  );
}

/** Rows per run of the network. */
const mostRows = 512;

function inParts<Row>(rows: readonly Row[], run: (part: readonly Row[]) => Float64Array[]): Float64Array[] {
  const results: Float64Array[] = [];
  for (let start = 0; start < rows.length; start += mostRows) {
    results.push(...run(rows.slice(start, start + mostRows)));
  }
  return results;
}

/** The mean of the members' quantiles in transformed units, by row. */
function meanOutput(members: readonly SeasonNet[], contexts: readonly Float64Array[]): Float64Array[] {
  const outputs = members.map((member) => member.predict(contexts));
  const size = outputs[0].length / contexts.length;
  return contexts.map((_, row) =>
    Float64Array.from(
      { length: size },
      (__, at) => outputs.reduce((sum, output) => sum + output[row * size + at], 0) / outputs.length,
    ),
  );
}

/** Theta's forecast in the units of the data, from the samples that the graph reads. */
export function thetaOf(
  { period, horizon, transform }: SeasonSpec,
  history: Float64Array,
): ArrayLike<number> {
  const part = history.subarray(Math.max(0, history.length - thetaSamples(period)));
  return thetaForecast(part, { period, horizon, multiplicative: transform === 'log' }).values;
}

export function transformContext(spec: SeasonSpec, history: Float64Array): Transformed {
  const samples = contextOf(spec);
  const context = contextBefore(history, history.length, samples, spec.period);
  if (spec.transform === 'log') {
    const least =
      LEAST_SHARE * (context.reduce((sum, value) => sum + value, 0) / samples) || Number.MIN_VALUE;
    const transform = (value: number): number => Math.log(Math.max(value, least));
    return { context: context.map(transform), transform, restore: Math.exp };
  }
  const { shift, factor } = standardScale(context);
  const transform = (value: number): number => (value - shift) / factor;
  return { context: context.map(transform), transform, restore: (value) => value * factor + shift };
}

/** Sorts the quantiles, averages them with Theta's forecast, and restores the units of the data. */
function finishForecast(
  { horizon, levels }: SeasonSpec,
  output: Float64Array,
  { transform, restore }: Transformed,
  weight: number,
  theta: ArrayLike<number> | null,
): Float64Array {
  const count = levels.length;
  const quantiles = new Float64Array(output.length);
  for (let step = 0; step < horizon; step++) {
    const sorted = output.slice(step * count, (step + 1) * count).sort();
    const move = theta === null ? 0 : weight * (transform(theta[step]) - sorted[count >> 1]);
    for (const [level, value] of sorted.entries()) quantiles[step * count + level] = restore(value + move);
  }
  return quantiles;
}
