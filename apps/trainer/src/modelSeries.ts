import type { CsvDataConfig, Manifest } from '@onda/contract';
import { DataError, fitConfigSchema } from '@onda/contract';
import type { SeriesSet, Table } from '@onda/series';
import { readSeries } from '@onda/series';
import { readDataFile } from './dataFile.ts';

/** A model and its number of features. */
type Reader = Pick<Manifest, 'name' | 'training'> & { features: number };

/** The data configuration of a model's training; none for a model of other data. */
function trainedData(manifest: Reader): Partial<CsvDataConfig> {
  const config = fitConfigSchema.safeParse(manifest.training?.config);
  return config.success && config.data.data.kind === 'csv' ? config.data.data : {};
}

/**
 * Reads the series of a model from a data file as in its training.
 *
 * @param columns the columns to read, separated by commas; default: those of the training, else all
 * @throws DataError naming file, line and column
 */
export async function readModelSeries(file: string, manifest: Reader, columns?: string): Promise<SeriesSet> {
  const data = trainedData(manifest);
  const { table } = await readDataFile(file, withoutFileKeys(data, file));
  const names = columns?.split(',').map((name) => name.trim()) ?? data.columns ?? freeColumns(table, data);
  const { layout = 'multivariate' } = data;
  if (names.length !== manifest.features && layout === 'multivariate') {
    throw new DataError(
      `model "${manifest.name}": expected ${manifest.features} column${manifest.features === 1 ? '' : 's'} (its features), got ${names.length} (${names.join(', ')}); pass a file with these columns, or name them`,
    );
  }
  // A file for evaluation need not have the times, groups and covariates of the training.
  const has = (name: string): boolean => table.columns.includes(name);
  const { time, group, covariates, ...rest } = data;
  return readSeries(table, {
    ...rest,
    columns: names,
    ...(time !== undefined && (time === false || [time].flat().every(has)) && { time }),
    ...(group !== undefined && has(group) && { group }),
    ...(covariates?.every(has) === true && { covariates }),
  });
}

/** Reads the series of a file that a model can forecast. */
export function readForecastSeries(
  file: string,
  manifest: Manifest,
  columns: string | undefined,
): Promise<SeriesSet> {
  const features = manifest.forecaster?.targets ?? manifest.net?.features ?? 1;
  return readModelSeries(file, { ...manifest, features }, columns);
}

/** How to read the file: as in the training if it is of the same kind. */
function withoutFileKeys(data: Partial<CsvDataConfig>, file: string): Partial<CsvDataConfig> {
  const ending = (name: string): string => name.slice(name.lastIndexOf('.'));
  return data.file !== undefined && ending(data.file) === ending(file) ? data : {};
}

/** All columns but those of times and groups. */
function freeColumns(table: Table, { time, group }: Partial<CsvDataConfig>): string[] {
  const used = [time, group].flat();
  return table.columns.filter((name) => !used.includes(name));
}

/** Reads the values of a model's single series as float32, the prompt of a generator. */
export async function readModelValues(
  file: string,
  manifest: Reader,
): Promise<{ rows: number; values: Float32Array }> {
  const { series } = await readModelSeries(file, manifest);
  if (series.length !== 1) {
    throw new DataError(
      `${file}: expected one series as the prompt, got ${series.length}; pass a file with the rows of one`,
    );
  }
  return { rows: series[0].length, values: Float32Array.from(series[0].values) };
}
