import type { ForecastTask, Prediction, Predictor } from '../predictor.ts';
import { columnOf, defaultLevels } from '../predictor.ts';
import { normalQuantile } from '../normalQuantile.ts';

/** The forecast of one column. */
export interface ColumnForecast {
  /** One value per step of the horizon. */
  values: ArrayLike<number>;
  /** Standard deviation of the error at each step. */
  deviations: ArrayLike<number>;
}

/** A rule that forecasts one column. */
export type ColumnRule = (
  values: Float64Array,
  sizes: { period: number; horizon: number },
) => ColumnForecast | Promise<ColumnForecast>;

/** A predictor that applies a rule to each column; its quantiles are those of normal errors. */
export function columnPredictor(name: string, rule: ColumnRule, levels = defaultLevels): Predictor {
  const scores = levels.map(normalQuantile);
  const one = async (task: ForecastTask): Promise<Prediction> => {
    const { set, horizon } = task;
    const width = set.targets.length;
    const values = new Float64Array(horizon * width);
    const quantiles = new Float64Array(values.length * levels.length);
    for (let target = 0; target < width; target++) {
      const forecast = await rule(columnOf(task, target), { period: set.period, horizon });
      for (let step = 0; step < horizon; step++) {
        const at = step * width + target;
        values[at] = forecast.values[step];
        for (const [level, score] of scores.entries()) {
          quantiles[at * levels.length + level] = values[at] + score * forecast.deviations[step];
        }
      }
    }
    return { values, quantiles };
  };
  return {
    name,
    levels,
    predict: async (tasks) => {
      const predictions: Prediction[] = [];
      for (const task of tasks) predictions.push(await one(task));
      return predictions;
    },
  };
}

/** Root of the mean square; 0 for no values. */
export function rootMeanSquare(values: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index] ** 2;
  return values.length === 0 ? 0 : Math.sqrt(sum / values.length);
}

/** Mean, and standard deviation as scale; 1 where all values are equal. */
export function moments(values: Float64Array): { mean: number; scale: number } {
  const mean = values.reduce((sum, value) => sum + value / values.length, 0);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2 / values.length, 0);
  return { mean, scale: variance > 0 ? Math.sqrt(variance) : 1 };
}
