import { ConfigError } from '@onda/contract';
import type { FitConfig } from '@onda/contract';
import type { DataSource } from './chunkSource.ts';
import { createCsvSource } from './csvSource.ts';
import type { CsvFile } from './csvSource.ts';
import { createSineSource } from './sineSource.ts';
import { createVideoSource } from './videoSource.ts';

/**
 * The data that a configuration asks for.
 *
 * @param csv the file that `data.file` names, for csv data
 * @throws ConfigError or DataError when the data cannot be used as it is
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
          `data.file: expected the bytes of ${data.file}, got none; read the file and give it to createSource`,
        );
      }
      return createCsvSource(data, lag, csv);
    case 'video-clips':
      return createVideoSource(data, lag, seed);
  }
}
