import type { Manifest } from '@onda/contract';
import { DataError, modelFiles, requireNetManifest, samplingBlocks } from '@onda/contract';
import { floatTensor, SequenceModel } from '@onda/runtime';
import { createNodeRuntime, readModelFolder } from '@onda/runtime-node';
import { judgeForecast } from '@onda/series';
import { readForecastSeries, readModelSeries } from '../modelSeries.ts';
import { pointPrediction } from '../export/sampling.ts';
import { textTable } from '../terminal.ts';

/** Prints the errors of a direct forecaster over a whole file, from rolling origins after the first samples that it needs. */
async function evaluateForecasts(
  folder: string,
  manifest: Manifest,
  data: string,
  { columns, json }: { columns?: string; json: boolean },
): Promise<void> {
  // Loaded on demand: other models are evaluated without baselines.
  const { strideOf } = await import('../evaluation/evaluateModel.ts');
  const { backtestFolder, printEvaluation } = await import('./backtest.ts');
  const { horizon = 1, context = 1 } = manifest.forecaster ?? {};
  const set = await readForecastSeries(data, manifest, columns);
  const shortest = Math.min(...set.series.map(({ length }) => length));
  const holdout = shortest - Math.min(context, Math.floor(shortest / 2));
  if (holdout < horizon) {
    throw new DataError(
      `${data}: expected at least ${2 * horizon} samples, twice the horizon of model "${manifest.name}", got ${shortest}; pass more rows`,
    );
  }
  const stride = strideOf(set, holdout, horizon);
  printEvaluation(await backtestFolder(folder, set, { holdout, horizon, stride }), manifest, data, json);
}

/** Prints the errors of a model's forecasts, `lag` samples ahead, over a CSV file; its inputs are the true values. */
export async function evaluateCommand(
  folder: string,
  data: string,
  options: { columns?: string; json: boolean },
): Promise<void> {
  const { manifest: read, files } = await readModelFolder(folder);
  if (read.forecaster !== undefined) {
    await evaluateForecasts(folder, read, data, options);
    return;
  }
  const manifest = requireNetManifest(read, folder);
  const { lag, net, name, version } = manifest;
  const { series } = await readModelSeries(
    data,
    { ...manifest, features: manifest.net.features },
    options.columns,
  );
  const blocks = samplingBlocks(manifest.sampling);
  if (net.outputs !== blocks * net.features) {
    throw new DataError(
      `model "${name}": expected as many outputs as features to evaluate forecasts, got ${net.outputs} and ${net.features}; use a model that predicts its own inputs`,
    );
  }
  const short = series.find(({ length }) => length <= lag);
  if (short !== undefined) {
    throw new DataError(
      `${data}: expected at least ${lag + 1} rows (lag ${lag} and one forecast)${series.length > 1 ? ` in series "${short.id}"` : ''}, got ${short.length}; pass more rows`,
    );
  }
  const session = await (
    await createNodeRuntime({ provider: 'cpu' })
  ).createSession(files.get(modelFiles.sequence)?.bytes ?? new Uint8Array());
  const model = new SequenceModel(session, manifest);
  const { features } = net;
  const predictions: Float32Array[] = [];
  const evaluations = series.map(({ values, length }) => {
    const time = length - lag;
    const x = values.slice(0, time * features);
    return { x, y: values.slice(lag * features), batch: 1, time, features, outputs: features, from: 0 };
  });
  for (const { x, time } of evaluations) {
    const { y } = await model.step(floatTensor([1, time, features], Float32Array.from(x)));
    predictions.push(pointPrediction(y.data, net.outputs, features));
  }
  await session.release();

  const report = judgeForecast(evaluations, predictions);
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ model: name, version, data, lag, ...report })}\n`);
    return;
  }
  const row = (label: string, { rmse, mae, mse }: typeof report.forecast): string[] =>
    [label, rmse, mae, mse].map((cell) => (typeof cell === 'number' ? cell.toPrecision(4) : cell));
  process.stdout.write(
    `${textTable({
      head: [`${name} ${version}, ${report.samples} samples, ${lag} ahead`, 'rmse', 'mae', 'mse'],
      rows: [row('this model', report.forecast), row('naive (last value)', report.naive)],
    })}\n`,
  );
}
