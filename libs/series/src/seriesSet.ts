import type { CsvDataConfig } from '@onda/contract';
import { quote } from './table.ts';
import type { TimeStep } from './timeStep.ts';

/** How to read series from a table: `data` of a fit configuration. */
export type SeriesDataConfig = Pick<CsvDataConfig, 'columns'> &
  Partial<
    Pick<
      CsvDataConfig,
      'time' | 'group' | 'layout' | 'covariates' | 'calendar' | 'period' | 'missing' | 'duplicates' | 'order'
    >
  >;

/** One series, its samples in order of time. */
export interface Series {
  /** The group of a long table, the column of a wide one; else the names of the targets. */
  id: string;
  /** Number of samples of the targets. */
  length: number;
  /** Row-major, shape [length, targets]. */
  values: Float64Array;
  /** Row-major, shape [samples, covariates]; samples after `length` are known ahead. */
  covariates: Float64Array;
  /** Of all samples of the covariates: milliseconds since 1970-01-01 UTC, or numbers of an index; null without times. */
  times: Float64Array | null;
}

/** The series of a file, in the units of the data. */
export interface SeriesSet {
  targets: string[];
  covariates: string[];
  series: Series[];
  /** Distance of two samples; null without times. */
  step: TimeStep | null;
  /** Samples of a season; 1: none. */
  period: number;
  /** What was detected or repaired, one sentence each. */
  notes: string[];
}

/** The start of a note or error about one of several series. */
export const seriesText = ({ group, layout }: SeriesDataConfig, id: string | null): string =>
  id !== null && (group !== undefined || layout === 'wide') ? `series ${quote(id)}: ` : '';
