import type { Manifest } from '@onda/contract';
import { DataError, fitConfigSchema } from '@onda/contract';
import { readCsvColumns, readSeriesCsv, type SeriesTable } from '@onda/series';
import { readInput } from '../files.ts';

/** A model that reads samples of so many features. */
type Reader = Pick<Manifest, 'name' | 'training'> & { features: number };

/** Columns of CSV files that a model reads: as told, else as it was trained on, else all of them. */
function modelColumns(manifest: Reader, told: string | undefined, header: readonly string[]): string[] {
  const columns = told?.split(',').map((name) => name.trim()) ?? trainedColumns(manifest) ?? [...header];
  if (columns.length !== manifest.features) {
    throw new DataError(
      `model "${manifest.name}": expected ${manifest.features} column${manifest.features === 1 ? '' : 's'} (its features), got ${columns.length} (${columns.join(', ')}); give a CSV file with these columns, or name them`,
    );
  }
  return columns;
}

function trainedColumns(manifest: Reader): string[] | undefined {
  const config = fitConfigSchema.safeParse(manifest.training?.config);
  return config.success && config.data.data.kind === 'csv' ? config.data.data.columns : undefined;
}

/** The columns of a CSV file that a model reads, as numbers; errors name the file, the row and the column. */
export function readModelCsv(file: string, manifest: Reader, columns?: string): SeriesTable {
  const text = readInput(file, 'data').toString('utf8');
  return readSeriesCsv(text, modelColumns(manifest, columns, readCsvColumns(text, file)), file);
}
