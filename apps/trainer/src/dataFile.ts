import path from 'node:path';
import type { CsvDataConfig } from '@onda/contract';
import type { DataFile } from '@onda/series';
import { readTable } from '@onda/series';
import { readInput } from './files.ts';

/** Reads a data file as its configuration says; errors name it by the given path. */
export async function readDataFile(
  file: string,
  { format, delimiter, decimal, header }: Partial<CsvDataConfig> = {},
): Promise<DataFile> {
  const bytes = readInput(file, 'data');
  return { bytes, table: await readTable(bytes, { source: file, format, delimiter, decimal, header }) };
}

/** The path of a data file, which a configuration names relative to itself. */
export const dataPath = (configFile: string, file: string): string =>
  path.isAbsolute(file) ? file : path.join(path.dirname(configFile), file);
