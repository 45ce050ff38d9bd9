import { ConfigError } from '@onda/contract';
import type { FitConfig } from '@onda/contract';
import type { DataSource } from './dataSource.ts';
import { createCsvSource } from './csvSource.ts';
import type { DataFile } from './csvSource.ts';
import { createSineSource } from './sine.ts';
import { createVideoSource } from './video.ts';

/**
 * Creates the data source of a configuration.
 *
 * @param file the content of `data.file`, for csv data
 * @throws ConfigError or DataError for invalid data
 */
export function createSource(
  { data, lag, seed }: Pick<FitConfig, 'data' | 'lag' | 'seed'>,
  file?: DataFile,
): DataSource {
  switch (data.kind) {
    case 'sine':
      return createSineSource(data, lag);
    case 'csv':
      if (file === undefined) {
        throw new ConfigError(
          `data.file: expected the table of ${data.file}, got none; read the file with readTable and pass it to createSource`,
        );
      }
      return createCsvSource(data, lag, file);
    case 'video-clips':
      return createVideoSource(data, lag, seed);
  }
}
