import type { CsvDataConfig } from '@onda/contract';
import type { DataSource, Evaluation } from './dataSource.ts';
import { readSeries } from './readSeries.ts';
import { fitScaler, precisionWarnings } from './scaler.ts';
import type { Table } from './table.ts';
import { streamLength, trainingWindows } from './trainingWindows.ts';
import { joinValues, scaleSeries, splitSeries } from './windows.ts';

/** A data file: its content as a table, and its bytes, which identify it. */
export interface DataFile {
  table: Table;
  bytes: Uint8Array;
}

/**
 * The series of a data file. The training part of each is split into consecutive chunks of equal length, at most `samples`, repeated
 * from the start; the last `holdout` samples of each series are held out.
 *
 * @throws DataError if the table is not as configured, or too short
 */
export function createCsvSource(data: CsvDataConfig, lag: number, { table, bytes }: DataFile): DataSource {
  const set = readSeries(table, data);
  const features = set.targets.length;
  const { holdout, validation } = data;
  const split = splitSeries(set, { holdout, validation, least: lag + 1 }, table.source);
  const training = joinValues(split.training);
  const scaler = fitScaler(data.scaler, training, set.targets);
  const scaledSplit = {
    ...split,
    training: scaleSeries(split.training, scaler),
    validation: scaleSeries(split.validation, scaler),
  };
  const scaled = scaledSplit.training.series.map(({ values }) => Float32Array.from(values));
  const pairs = split.ends.map((end) => end.training - lag);
  const chunks = pairs.flatMap((count, series) =>
    evenChunks(count, data.samples).map((chunk) => ({ series, ...chunk })),
  );
  const ignored =
    set.covariates.length > 0
      ? ['warning: covariates are read and checked, but this network does not use them']
      : [];
  return {
    features,
    outputs: features,
    scaler,
    hashInput: bytes,
    notes: [...set.notes, ...ignored, ...precisionWarnings(training, set.targets)],
    series: set,
    fullSamples: Math.max(...chunks.map(({ time }) => time)),
    chunksPerPass: chunks.length,
    shortest: Math.min(...split.ends.map((end) => end.training)),
    windows: (plan) => trainingWindows(scaledSplit, { ...plan, lag }),
    streams: (count) => {
      const length = streamLength(set, pairs[0], count);
      const parts = evenChunks(length, data.samples);
      const [values] = scaled;
      return {
        features,
        outputs: features,
        fullSamples: count * Math.max(...parts.map(({ time }) => time)),
        chunksPerPass: parts.length,
        chunk: (step) => {
          const { start, time } = parts[step % parts.length];
          const x = new Float32Array(count * time * features);
          const y = new Float32Array(count * time * features);
          for (let row = 0; row < count; row++) {
            const from = row * length + start;
            x.set(values.subarray(from * features, (from + time) * features), row * time * features);
            y.set(
              values.subarray((from + lag) * features, (from + lag + time) * features),
              row * time * features,
            );
          }
          return { x, y, batch: count, time, features, outputs: features, startsSequence: start === 0 };
        },
      };
    },
    chunk: (step) => {
      const { series, start, time } = chunks[step % chunks.length];
      const values = scaled[series];
      return {
        x: values.slice(start * features, (start + time) * features),
        y: values.slice((start + lag) * features, (start + lag + time) * features),
        batch: 1,
        time,
        features,
        outputs: features,
        startsSequence: start === 0,
      };
    },
    evaluations: () =>
      data.holdout === 0
        ? []
        : set.series.map(({ id, values, length }): Evaluation => ({
            id,
            x: values.slice(0, (length - lag) * features),
            y: values.slice(lag * features),
            batch: 1,
            time: length - lag,
            features,
            outputs: features,
            from: length - lag - data.holdout,
          })),
  };
}

/**
 * Divides a number of pairs into chunks of at most `most`, whose lengths differ by one at most: a short rest would get a whole training
 * step for a few samples.
 */
export function evenChunks(pairs: number, most: number): { start: number; time: number }[] {
  const count = Math.ceil(pairs / most);
  const startOf = (index: number): number => Math.ceil((index * pairs) / count);
  return Array.from({ length: count }, (_, index) => ({
    start: startOf(index),
    time: startOf(index + 1) - startOf(index),
  }));
}
