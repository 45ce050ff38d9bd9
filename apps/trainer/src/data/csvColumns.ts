import type { NetManifest } from '@onda/contract';
import { DataError, fitConfigSchema } from '@onda/contract';
import { readCsvColumns, readSeriesCsv, type SeriesTable } from '@onda/series';
import { readInput } from '../files.ts';

/** Columns of CSV files that a model reads: as told, else as it was trained on, else all of them. */
function modelColumns(manifest: NetManifest, told: string | undefined, header: readonly string[]): string[] {
  const columns = told?.split(',').map((name) => name.trim()) ?? trainedColumns(manifest) ?? [...header];
  if (columns.length !== manifest.net.features) {
    throw new DataError(
      `model "${manifest.name}": expected ${manifest.net.features} column${manifest.net.features === 1 ? '' : 's'} (its features), got ${columns.length} (${columns.join(', ')}); give a CSV file with these columns, or name them`,
    );
  }
  return columns;
}

function trainedColumns(manifest: NetManifest): string[] | undefined {
  const config = fitConfigSchema.safeParse(manifest.training?.config);
  return config.success && config.data.data.kind === 'csv' ? config.data.data.columns : undefined;
}

/** The columns of a CSV file that a model reads, as numbers; errors name the file, the row and the column. */
export function readModelCsv(file: string, manifest: NetManifest, columns?: string): SeriesTable {
  const text = readInput(file, 'data').toString('utf8');
  return readSeriesCsv(text, modelColumns(manifest, columns, readCsvColumns(text, file)), file);
}
