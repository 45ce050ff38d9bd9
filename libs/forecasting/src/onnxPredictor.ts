import type { ManifestForecaster } from '@onda/contract';
import { ModelError } from '@onda/contract';
import type { ForecastTask, Prediction, Predictor } from './predictor.ts';

/**
 * Runs the file once.
 *
 * @param x    the histories, row-major
 * @param dims [batch, time, targets]
 * @returns y, [batch, horizon, levels * targets]
 */
export type RunForecaster = (
  x: Float32Array,
  dims: readonly [batch: number, time: number, targets: number],
) => Promise<Float32Array>;

/** Rows per run. */
const mostRows = 256;

/**
 * A predictor that runs an exported forecaster, for a backtest of the file itself.
 *
 * @param run  runs the file, by any ONNX runtime
 * @param name as in the rows of an evaluation
 */
export function onnxPredictor(
  run: RunForecaster,
  { horizon, levels, context, targets, period }: ManifestForecaster,
  name = 'model',
): Predictor {
  const ascending = [...levels].sort((a, b) => a - b);
  // Where each ascending level is among the blocks of y.
  const blocks = ascending.map((level) => levels.indexOf(level));
  const split = (y: Float32Array, steps: number): Prediction => {
    const values = new Float64Array(steps * targets);
    const quantiles = new Float64Array(values.length * levels.length);
    for (let step = 0; step < steps; step++) {
      const row = y.subarray(step * levels.length * targets, (step + 1) * levels.length * targets);
      for (let target = 0; target < targets; target++) {
        const at = step * targets + target;
        values[at] = row[target];
        for (const [level, block] of blocks.entries()) {
          quantiles[at * levels.length + level] = row[block * targets + target];
        }
      }
    }
    return { values, quantiles };
  };
  const runTasks = async (tasks: readonly ForecastTask[], time: number): Promise<Prediction[]> => {
    const x = new Float32Array(tasks.length * time * targets);
    for (const [row, { series }] of tasks.entries()) {
      const history = series.values.subarray((series.length - time) * targets, series.length * targets);
      x.set(history, row * time * targets);
    }
    const y = await run(x, [tasks.length, time, targets]);
    const size = y.length / tasks.length;
    return tasks.map((task, row) => split(y.subarray(row * size, (row + 1) * size), task.horizon));
  };
  return {
    name,
    levels: ascending,
    predict: async (tasks) => {
      const results: Prediction[] = [];
      // Histories of one length run together: the file has one time dim.
      const times = tasks.map(({ series }) => Math.min(series.length, context));
      for (const time of new Set(times)) {
        const places = [...tasks.keys()].filter((place) => times[place] === time);
        for (const place of places) checkTask(tasks[place], { horizon, targets, period });
        for (let start = 0; start < places.length; start += mostRows) {
          const part = places.slice(start, start + mostRows);
          const predictions = await runTasks(
            part.map((place) => tasks[place]),
            time,
          );
          for (const [index, place] of part.entries()) results[place] = predictions[index];
        }
      }
      return results;
    },
  };
}

function checkTask(
  { series, set, horizon }: ForecastTask,
  file: Pick<ManifestForecaster, 'horizon' | 'targets' | 'period'>,
): void {
  const { targets } = set;
  if (horizon <= file.horizon && targets.length === file.targets && series.length >= file.period) return;
  throw new ModelError(
    `forecaster: expected at most ${file.horizon} samples ahead of ${file.targets} columns with at least ${file.period} samples, got ${horizon} ahead of ${targets.length} columns with ${series.length} in series ${JSON.stringify(series.id)}; use data like that of the fit`,
  );
}
