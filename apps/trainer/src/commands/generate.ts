import { ConfigError, DataError, fitConfigSchema, modelFiles, type Manifest } from '@onda/contract';
import { floatTensor, runGenerator, type RuntimeTensor } from '@onda/runtime';
import { createNodeRuntime, readModelFolder } from '@onda/runtime-node';
import type { SeriesSet } from '@onda/series';
import { formatTime, sineChunk, timeAfter } from '@onda/series';
import { readForecastSeries, readModelValues } from '../modelSeries.ts';
import { wholeNumber } from '../options.ts';
import { terminalChart } from '../terminal.ts';

/** Upper limit of --samples, against typing errors. */
const mostSamples = 10_000_000;

/** Parses an int64. */
function parseSeed(text: string): bigint {
  const seed = /^-?\d{1,19}$/.test(text) ? BigInt(text) : 2n ** 63n;
  if (seed === BigInt.asIntN(64, seed)) return seed;
  throw new ConfigError(
    `--seed: expected a whole number of 64 bits, got ${JSON.stringify(text)}; correct the option`,
  );
}

function withoutGenerator({ net }: Manifest): string {
  if (net === null) return 'a layers model that was exported without --generator';
  return `a model whose ${net.outputs} outputs are not its ${net.features} features`;
}

/** The prompt from a CSV file, or the first chunk of the training data of a sine model. */
async function readPrompt(manifest: Manifest, file: string | undefined): Promise<RuntimeTensor> {
  if (file !== undefined) {
    const [{ shape, type }] = manifest.tensors.generator?.inputs ?? [];
    const words = shape.length === 2;
    const features = words ? 1 : Number(shape[2]);
    const { rows, values } = await readModelValues(file, { ...manifest, features });
    const least = manifest.prompt ?? manifest.lag;
    if (rows < least) {
      throw new DataError(
        `--prompt ${file}: expected at least ${least} samples, got ${rows}; pass a longer prompt`,
      );
    }
    const dims = words ? [1, rows] : [1, rows, features];
    return type === 'int32' ? { type, dims, data: Int32Array.from(values) } : floatTensor(dims, values);
  }
  const config = fitConfigSchema.safeParse(manifest.training?.config);
  if (config.success && config.data.data.kind === 'sine') {
    const { x } = sineChunk(0, config.data.data.samples, manifest.lag);
    return floatTensor([1, x.length, 1], x);
  }
  throw new DataError(
    `model "${manifest.name}": expected --prompt FILE.csv with the preceding values, got none; only a model of the sine data has a default prompt`,
  );
}

export async function generateCommand(
  folder: string,
  options: { samples: string; prompt?: string; seed?: string; json: boolean },
): Promise<void> {
  const samples = wholeNumber('--samples', options.samples, mostSamples);
  const { manifest, files } = await readModelFolder(folder);
  if (manifest.forecaster !== undefined) {
    await forecastAfterPrompt(folder, manifest, samples, options);
    return;
  }
  const bytes = files.get(modelFiles.generator)?.bytes;
  if (!bytes) {
    throw new ConfigError(
      `model "${manifest.name}": expected a generator, got ${withoutGenerator(manifest)}; only a model that predicts its own inputs can generate`,
    );
  }
  const prompt = await readPrompt(manifest, options.prompt);
  const runtime = await createNodeRuntime({ provider: 'cpu' });
  const session = await runtime.createSession(bytes);
  const draws = options.seed === undefined ? undefined : { seed: parseSeed(options.seed) };
  const { y } = await runGenerator(session, manifest, { prompt, samples, draws });
  await session.release();

  const values = Array.from(y.data as ArrayLike<number>);
  const outputs = values.length / samples;
  const rows = Array.from({ length: samples }, (_, i) => values.slice(i * outputs, (i + 1) * outputs));
  printRows(rows, options.json, {
    model: manifest.name,
    version: manifest.version,
    samples,
    ...(draws && { seed: String(draws.seed) }),
  });
}

/** Prints values: as JSON with `more`, else a row per sample on stdout and a chart of the first column on stderr. */
function printRows(
  rows: readonly number[][],
  json: boolean,
  { quantiles, ...more }: Record<string, unknown>,
): void {
  if (json) {
    const values = rows[0].length === 1 ? rows.flat() : rows;
    process.stdout.write(`${JSON.stringify({ ...more, values, quantiles })}\n`);
    return;
  }
  process.stderr.write(`${terminalChart(rows.map(([value]) => value))}\n`);
  process.stdout.write(`${rows.map((row) => row.join(',')).join('\n')}\n`);
}

/** Prints the forecast of a direct forecaster for the samples after the prompt, with its quantiles and times as JSON. */
async function forecastAfterPrompt(
  folder: string,
  manifest: Manifest,
  samples: number,
  { prompt, seed, json }: { prompt?: string; seed?: string; json: boolean },
): Promise<void> {
  const { name, version } = manifest;
  const horizon = manifest.forecaster?.horizon ?? 0;
  if (samples > horizon) {
    throw new ConfigError(
      `--samples: expected at most ${horizon}, the horizon of model "${name}", got ${samples}; fit a model with a longer forecast.horizon`,
    );
  }
  if (seed !== undefined) {
    throw new ConfigError(
      `--seed: expected none, because model "${name}" forecasts quantiles without drawing, got ${seed}; omit it`,
    );
  }
  if (prompt === undefined) {
    throw new DataError(
      `model "${name}": expected --prompt FILE.csv with the preceding values, got none; pass a file like that of the training`,
    );
  }
  const set = await readForecastSeries(prompt, manifest, undefined);
  if (set.series.length !== 1) {
    throw new DataError(
      `--prompt ${prompt}: expected one series, got ${set.series.length}; pass a file with the rows of one`,
    );
  }
  const [series] = set.series;
  // Loaded on demand: a generator runs without TensorFlow.js.
  const { openModelFolder } = await import('../evaluation/modelPredictor.ts');
  const { predictor, release } = await openModelFolder(folder, version);
  const [{ values, quantiles }] = await predictor.predict([{ set, series, horizon: samples }]);
  await release();
  const { levels } = predictor;
  const width = set.targets.length;
  const rowsOf = (at: (place: number) => number): number[][] =>
    Array.from({ length: samples }, (_, row) =>
      Array.from({ length: width }, (__, column) => at(row * width + column)),
    );
  const flat = (rows: number[][]): number[] | number[][] => (width === 1 ? rows.flat() : rows);
  const times = timesAfter(set, samples);
  if (times !== null && !json) process.stderr.write(`${times[0]} to ${times[times.length - 1]}\n`);
  printRows(
    rowsOf((place) => values[place]),
    json,
    {
      model: name,
      version,
      samples,
      ...(times && { times }),
      ...(quantiles && {
        quantiles: Object.fromEntries(
          levels.map((level, index) => [
            level,
            flat(rowsOf((place) => quantiles[place * levels.length + index])),
          ]),
        ),
      }),
    },
  );
}

/** The times after the end of the only series; null without times. */
function timesAfter({ step, series: [{ times, length }] }: SeriesSet, samples: number): string[] | null {
  if (step === null || times === null) return null;
  return Array.from({ length: samples }, (_, ahead) =>
    formatTime(step, timeAfter(step, times[length - 1], ahead + 1)),
  );
}
