import { DataError } from '@onda/contract';
import type { OrderedRows, Times } from './rowOrder.ts';
import { cellText } from './rowOrder.ts';
import type { Series, SeriesDataConfig } from './seriesSet.ts';
import { seriesText } from './seriesSet.ts';
import type { Table } from './table.ts';
import { quote } from './table.ts';
import type { TimeStep } from './timeStep.ts';
import { formatTime, isClockChange, stepText, stepsBetween, timeAfter } from './timeStep.ts';

/** What the samples of a series are made from. */
export interface SeriesRows {
  table: Table;
  config: SeriesDataConfig;
  step: TimeStep | null;
  time: Times | null;
  id: string;
  rows: OrderedRows;
  /** The targets, by row of the table, and their names. */
  columns: readonly Float64Array[];
  names: readonly string[];
  /** The covariates, by row of the table. */
  covariateColumns: readonly Float64Array[];
}

/** Columns by sample; NaN: no value. Covariates and times may be longer than the values. */
interface Samples {
  values: Float64Array[];
  covariates: Float64Array[];
  times: Float64Array | null;
  /** Samples left out at the start. */
  start: number;
}

/**
 * Places the rows of a series on the grid of their times, leaves out empty ends, and repairs missing values by the policy.
 *
 * @param notes gets a sentence for each repair
 * @throws DataError naming the line of a gap or a missing value without a policy
 */
export function buildSeries(series: SeriesRows, notes: string[]): Series {
  const { table, config, id, rows, columns, covariateColumns } = series;
  const prefix = seriesText(config, id);
  const { places, clockChanges } = samplePlaces(series);
  const count = places.length === 0 ? 0 : places[places.length - 1] + 1;
  const spread = (column: Float64Array): Float64Array => spreadColumn(column, rows, places, count, config);
  const all: Samples = {
    values: columns.map(spread),
    covariates: covariateColumns.map(spread),
    times: sampleTimes(series, places, count),
    start: 0,
  };
  for (const { from, to } of clockChanges) {
    for (const column of [...all.values, ...all.covariates]) {
      fillColumn(column.subarray(from, to + 1), 'interpolate');
    }
  }
  if (clockChanges.length > 0) {
    notes.push(
      `${prefix}${clockChanges.length} gap${clockChanges.length === 1 ? '' : 's'} of one hour at the start of daylight saving time: interpolated`,
    );
  }
  const samples = repairMissing(series, trimEnds(series, all, prefix, notes), prefix, notes, (sample) => {
    const place = places.indexOf(sample);
    if (place >= 0) return table.place(rows.rows[rows.starts[place]]);
    return series.step === null || all.times === null
      ? `sample ${sample}`
      : `time ${formatTime(series.step, all.times[sample])}`;
  });
  return {
    id,
    length: samples.values[0].length,
    values: interleave(samples.values),
    covariates: interleave(samples.covariates),
    times: samples.times,
  };
}

/** Leaves out samples without values at the ends; with covariates those at the end are known ahead. */
function trimEnds(
  { table, config, names }: SeriesRows,
  { values, covariates, times }: Samples,
  prefix: string,
  notes: string[],
): Samples {
  const repaired = config.layout === 'wide' || (config.missing ?? 'fail') !== 'fail';
  const count = values[0].length;
  const isEmpty = (sample: number): boolean => values.every((column) => Number.isNaN(column[sample]));
  let end = count;
  if (repaired || covariates.length > 0) while (end > 0 && isEmpty(end - 1)) end--;
  let start = 0;
  if (repaired) while (start < end && isEmpty(start)) start++;
  const empty = values.findIndex((column) => column.every(Number.isNaN));
  if (empty >= 0) {
    throw new DataError(
      `${table.source}: ${prefix}column ${quote(names[empty])}: expected values, got none; fill them in, or name another column`,
    );
  }
  const ahead = covariates.length > 0 ? count : end;
  const left = start + count - ahead;
  if (left > 0 && config.layout !== 'wide') {
    notes.push(`${prefix}${left} sample${left === 1 ? '' : 's'} without values at the ends: left out`);
  }
  return {
    values: values.map((column) => column.subarray(start, end)),
    covariates: covariates.map((column) => column.subarray(start, ahead)),
    times: times?.subarray(start, ahead) ?? null,
    start,
  };
}

/** Fills missing values, or drops their samples, by the policy. */
function repairMissing(
  { table, config, names }: SeriesRows,
  samples: Samples,
  prefix: string,
  notes: string[],
  placeOf: (sample: number) => string,
): Samples {
  const { values, covariates, times, start } = samples;
  const policy = config.missing ?? 'fail';
  const { length } = values[0];
  let missing = 0;
  const count = (column: Float64Array, name: string | undefined, from: number, allowed: boolean): void => {
    for (let sample = from; sample < column.length; sample++) {
      if (!Number.isNaN(column[sample])) continue;
      if (!allowed) {
        throw new DataError(
          `${table.source}: ${prefix}${placeOf(sample + start)}, column ${quote(name)}: expected a number, got nothing; fill in the value, or set data.missing: interpolate, forward-fill or drop`,
        );
      }
      missing++;
    }
  };
  for (const [place, column] of values.entries()) count(column, names[place], 0, policy !== 'fail');
  for (const [place, column] of covariates.entries()) {
    const name = config.covariates?.[place];
    count(column.subarray(0, length), name, 0, policy !== 'fail');
    // A sample that is known ahead cannot be dropped.
    count(column, name, length, policy !== 'fail' && policy !== 'drop');
  }
  if (missing === 0 || policy === 'fail') return samples;
  if (policy !== 'drop') {
    for (const column of [...values, ...covariates]) fillColumn(column, policy);
    const how = policy === 'interpolate' ? 'interpolated' : 'filled with the value before';
    notes.push(`${prefix}${missing} missing value${missing === 1 ? '' : 's'}: ${how}`);
    return samples;
  }
  const keep = (_: unknown, sample: number): boolean =>
    sample >= length || [...values, ...covariates].every((column) => !Number.isNaN(column[sample]));
  const kept = { values: values.map((column) => column.filter(keep)) };
  const dropped = length - kept.values[0].length;
  notes.push(`${prefix}${dropped} sample${dropped === 1 ? '' : 's'} with missing values: dropped`);
  return {
    ...kept,
    covariates: covariates.map((column) => column.filter(keep)),
    times: times?.filter(keep) ?? null,
    start,
  };
}

/** The place of each sample on the grid of the step; without times, or with `missing: drop`, they are consecutive. */
function samplePlaces({ table, config, step, time, id, rows: { rows, starts, times } }: SeriesRows): {
  places: Uint32Array;
  clockChanges: { from: number; to: number }[];
} {
  const count = starts.length - 1;
  const places = new Uint32Array(count);
  const clockChanges: { from: number; to: number }[] = [];
  for (let sample = 1; sample < count; sample++) {
    if (times === null || step === null || time === null || config.missing === 'drop') {
      places[sample] = sample;
      continue;
    }
    const steps = stepsBetween(step, times[sample - 1], times[sample]);
    if (steps !== 1) {
      const row = rows[starts[sample]];
      const expected = formatTime(step, timeAfter(step, times[sample - 1], 1));
      const where = `${table.source}: ${seriesText(config, id)}${table.place(row)}, column ${time.name}: expected ${expected}, one ${stepText(step)} after the time before, got ${quote(cellText(table, time, row))}`;
      if (Number.isNaN(steps)) {
        throw new DataError(
          `${where}; the times must be ${stepText(step)} apart: correct the time, or set data.time: false to read the rows as they follow each other`,
        );
      }
      if (isClockChange(step, times[sample - 1], times[sample])) {
        clockChanges.push({ from: places[sample - 1], to: places[sample - 1] + steps });
      } else if ((config.missing ?? 'fail') === 'fail') {
        throw new DataError(
          `${where}: ${steps - 1} time${steps === 2 ? ' is' : 's are'} missing; add the rows, or set data.missing: interpolate, forward-fill or drop`,
        );
      }
    }
    places[sample] = places[sample - 1] + steps;
    if (places[sample] > 100 * count + 1000) {
      throw new DataError(
        `${table.source}: ${seriesText(config, id)}column ${time.name}: expected times about ${stepText(step)} apart, got gaps of more than ${99 * count} samples for ${count} rows; correct the times, or set data.missing: drop`,
      );
    }
  }
  return { places, clockChanges };
}

/** Values of a column by sample; NaN where it is missing. Rows of the same time are averaged, or the first one counts. */
function spreadColumn(
  column: Float64Array,
  { rows, starts }: OrderedRows,
  places: Uint32Array,
  samples: number,
  { duplicates }: SeriesDataConfig,
): Float64Array {
  const values = new Float64Array(samples).fill(NaN);
  for (let sample = 0; sample < places.length; sample++) {
    const from = starts[sample];
    const to = duplicates === 'mean' ? starts[sample + 1] : from + 1;
    let sum = 0;
    let count = 0;
    for (let index = from; index < to; index++) {
      const value = column[rows[index]];
      if (!Number.isNaN(value)) [sum, count] = [sum + value, count + 1];
    }
    if (count > 0) values[places[sample]] = sum / count;
  }
  return values;
}

function sampleTimes(
  { step, config, rows: { times } }: SeriesRows,
  places: Uint32Array,
  samples: number,
): Float64Array | null {
  if (times === null || step === null || config.missing === 'drop' || samples === times.length) return times;
  const all = new Float64Array(samples).fill(NaN);
  for (let index = 0; index < places.length; index++) all[places[index]] = times[index];
  for (let sample = 1; sample < samples; sample++) {
    if (Number.isNaN(all[sample])) all[sample] = timeAfter(step, all[sample - 1], 1);
  }
  return all;
}

/** Fills missing values in place. Before the first and after the last value the nearest one is taken. */
function fillColumn(column: Float64Array, policy: 'interpolate' | 'forward-fill'): void {
  let last = -1;
  for (let sample = 0; sample <= column.length; sample++) {
    if (sample < column.length && Number.isNaN(column[sample])) continue;
    const after = sample < column.length ? column[sample] : column[last];
    const before = last < 0 ? after : column[last];
    for (let gap = last + 1; gap < sample; gap++) {
      column[gap] =
        policy === 'forward-fill' ? before : before + ((after - before) * (gap - last)) / (sample - last);
    }
    last = sample;
  }
}

function interleave(columns: readonly Float64Array[]): Float64Array {
  const length = columns.at(0)?.length ?? 0;
  if (columns.length === 1) return columns[0].slice();
  const values = new Float64Array(length * columns.length);
  for (const [place, column] of columns.entries()) {
    for (let sample = 0; sample < length; sample++) values[sample * columns.length + place] = column[sample];
  }
  return values;
}
