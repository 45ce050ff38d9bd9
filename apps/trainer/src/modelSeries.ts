import type { Manifest } from '@onda/contract';
import { DataError, fitConfigSchema } from '@onda/contract';
import type { SeriesTable } from '@onda/series';
import { readCsvColumns, readSeriesCsv } from '@onda/series';
import { readInput } from './files.ts';

/** A model and its number of features. */
type Reader = Pick<Manifest, 'name' | 'training'> & { features: number };

/** The columns that a model reads: the requested ones, else those of its training, else all. */
function modelColumns(manifest: Reader, requested: string | undefined, header: readonly string[]): string[] {
  const columns = requested?.split(',').map((name) => name.trim()) ?? trainedColumns(manifest) ?? [...header];
  if (columns.length !== manifest.features) {
    throw new DataError(
      `model "${manifest.name}": expected ${manifest.features} column${manifest.features === 1 ? '' : 's'} (its features), got ${columns.length} (${columns.join(', ')}); pass a CSV file with these columns, or name them`,
    );
  }
  return columns;
}

function trainedColumns(manifest: Reader): string[] | undefined {
  const config = fitConfigSchema.safeParse(manifest.training?.config);
  return config.success && config.data.data.kind === 'csv' ? config.data.data.columns : undefined;
}

/** Reads a model's columns of a CSV file as numbers; errors name the file, the row and the column. */
export function readModelCsv(file: string, manifest: Reader, columns?: string): SeriesTable {
  const text = readInput(file, 'data').toString('utf8');
  return readSeriesCsv(text, modelColumns(manifest, columns, readCsvColumns(text, file)), file);
}
