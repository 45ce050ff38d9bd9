import { ConfigError } from '@onda/contract';
import type { FitConfig } from '@onda/contract';
import type { DataSource } from './dataSource.ts';
import { createCsvSource } from './csv.ts';
import type { CsvFile } from './csv.ts';
import { createSineSource } from './sine.ts';
import { createVideoSource } from './video.ts';

/**
 * Creates the data source of a configuration.
 *
 * @param csv the content of `data.file`, for csv data
 * @throws ConfigError or DataError for invalid data
 */
export function createSource(
  { data, lag, seed }: Pick<FitConfig, 'data' | 'lag' | 'seed'>,
  csv?: CsvFile,
): DataSource {
  switch (data.kind) {
    case 'sine':
      return createSineSource(data, lag);
    case 'csv':
      if (csv === undefined) {
        throw new ConfigError(
          `data.file: expected the bytes of ${data.file}, got none; read the file and pass it to createSource`,
        );
      }
      return createCsvSource(data, lag, csv);
    case 'video-clips':
      return createVideoSource(data, lag, seed);
  }
}
