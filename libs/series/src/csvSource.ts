import { DataError } from '@onda/contract';
import type { CsvDataConfig } from '@onda/contract';
import type { DataSource } from './chunkSource.ts';
import { readSeriesCsv } from './readSeriesCsv.ts';
import { fitScaler, scaleValues } from './scaler.ts';

/** A CSV file as it was read. */
export interface CsvFile {
  /** What to call it in an error, usually its path. */
  source: string;
  bytes: Uint8Array;
}

/**
 * A series from a CSV file: the training part cut into consecutive chunks of `samples`, again from its start when it ends (the
 * last chunk of a pass may be shorter), and the last `holdout` samples kept.
 *
 * @throws DataError when the file is not UTF-8, not a table of numbers, or too short
 */
export function createCsvSource(data: CsvDataConfig, lag: number, file: CsvFile): DataSource {
  const { rows, values } = readSeriesCsv(decodeUtf8(file), data.columns, file.source);
  const features = data.columns.length;
  const trainingRows = rows - data.holdout;
  if (trainingRows <= lag) {
    throw new DataError(
      `${file.source}: expected at least ${data.holdout + lag + 1} rows of values (${data.holdout} held back, lag ${lag} and 1 to train on), got ${rows}; give more rows, or lower data.holdout or lag`,
    );
  }
  const training = values.subarray(0, trainingRows * features);
  const scaler = fitScaler(data.scaler, training, features);
  const scaled = scaleValues(training, scaler);
  const pairs = trainingRows - lag;
  const chunks = Math.ceil(pairs / data.samples);
  return {
    features,
    outputs: features,
    scaler,
    hashInput: file.bytes,
    chunk: (step) => {
      const index = step % chunks;
      const start = index * data.samples;
      const time = Math.min(data.samples, pairs - start);
      return {
        x: scaled.slice(start * features, (start + time) * features),
        y: scaled.slice((start + lag) * features, (start + lag + time) * features),
        batch: 1,
        time,
        features,
        outputs: features,
        startsSequence: index === 0,
      };
    },
    evaluation: () =>
      data.holdout === 0
        ? null
        : {
            x: values.slice(0, (rows - lag) * features),
            y: values.slice(lag * features),
            batch: 1,
            time: rows - lag,
            features,
            outputs: features,
            from: rows - lag - data.holdout,
          },
  };
}

function decodeUtf8({ source, bytes }: CsvFile): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new DataError(`${source}: expected UTF-8 text, got other bytes; save the file as UTF-8`, { cause });
  }
}
