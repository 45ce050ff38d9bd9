import { DataError, modelFiles, requireNetManifest, samplingBlocks } from '@onda/contract';
import { floatTensor, SequenceModel } from '@onda/runtime';
import { createNodeRuntime, readModelFolder } from '@onda/runtime-node';
import { judgeForecast } from '@onda/series';
import { readModelCsv } from '../data/csvColumns.ts';
import { pointPrediction } from '../export/pointPrediction.ts';
import { textTable } from '../textTable.ts';

/** Errors of a served model's one-ahead (`lag` ahead) forecasts over a whole CSV file, true values fed, from a zero state. */
export async function evaluateCommand(
  folder: string,
  data: string,
  options: { columns?: string; json: boolean },
): Promise<void> {
  const { manifest: read, files } = await readModelFolder(folder);
  const manifest = requireNetManifest(read, folder);
  const { lag, net, name, version } = manifest;
  const { rows, values } = readModelCsv(
    data,
    { ...manifest, features: manifest.net.features },
    options.columns,
  );
  const blocks = samplingBlocks(manifest.sampling);
  if (net.outputs !== blocks * net.features) {
    throw new DataError(
      `model "${name}": expected as many outputs as features to judge forecasts, got ${net.outputs} and ${net.features}; use a model that predicts its own inputs`,
    );
  }
  const time = rows - lag;
  if (time < 1) {
    throw new DataError(
      `${data}: expected at least ${lag + 1} rows (lag ${lag} and one to judge), got ${rows}; give more rows`,
    );
  }
  const session = await (
    await createNodeRuntime({ provider: 'cpu' })
  ).createSession(files.get(modelFiles.sequence)?.bytes ?? new Uint8Array());
  const x = values.slice(0, time * net.features);
  const { y } = await new SequenceModel(session, manifest).step(floatTensor([1, time, net.features], x));
  await session.release();

  const report = judgeForecast(
    {
      x,
      y: values.slice(lag * net.features),
      batch: 1,
      time,
      features: net.features,
      outputs: net.features,
      from: 0,
    },
    pointPrediction(y.data, net.outputs, net.features),
  );
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
