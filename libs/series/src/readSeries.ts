import type { CsvDataConfig } from '@onda/contract';
import { DataError } from '@onda/contract';
import { findSeason } from './season.ts';
import type { Cell, Table } from './table.ts';
import { quote } from './table.ts';
import type { ParsedTimes, TimeStep } from './timeIndex.ts';
import {
  calendarFeatures,
  formatTime,
  inferStep,
  isClockChange,
  looksLikeTimes,
  parseTimePair,
  parseTimes,
  seasonOf,
  stepText,
  stepsBetween,
  timeAfter,
} from './timeIndex.ts';

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

/** The largest float32, in which networks compute. */
const largest = 3.4028234663852886e38;

const number = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
const numberWithComma = /^[+-]?(\d+(,\d*)?|,\d+)(e[+-]?\d+)?$/i;
const missingMark = /^(|na|n\/a|#n\/a|nan|null|none|nil|-|\?|\.)$/i;

/**
 * Reads series from a table: checks the order of the times, their gaps and duplicates, repairs them by the named policies, and parses
 * the values as float64.
 *
 * @throws DataError naming file, line, column, the expected and the given value
 */
export function readSeries(table: Table, config: SeriesDataConfig): SeriesSet {
  const { columns, layout = 'multivariate' } = config;
  const covariateColumns = config.covariates ?? [];
  const notes = [...table.notes];
  const values = columns.map((name) => parseColumn(table, name));
  const covariates = covariateColumns.map((name) => parseColumn(table, name));
  const time = openTimes(table, config, notes);
  const ids = config.group === undefined ? null : table.column(config.group);
  const groups = groupRows(table, ids);
  const parts =
    layout === 'wide'
      ? columns.map((id, place) => ({ id, rows: groups[0].rows, values: [values[place]] }))
      : groups.map(({ id, rows }) => ({ id: id ?? columns.join(', '), rows, values }));

  const ordered = parts.map((part) => orderRows(table, config, part.id, part.rows, time, notes));
  const step =
    time === null
      ? null
      : inferStep(
          ordered.map(({ times }) => times as Float64Array),
          time.calendar,
        );
  const series = parts.map((part, index) =>
    buildSeries(
      { table, config, step, time, notes, names: layout === 'wide' ? [part.id] : columns },
      part.id,
      ordered[index],
      part.values,
      covariates,
    ),
  );
  const covariateNames = [...covariateColumns];
  if (config.calendar === true) addCalendar(table, series, step, time, covariateNames);
  if (step !== null)
    notes.push(`time ${time?.name ?? ''}: one sample per ${stepText(step)}, ${spanText(series, step)}`);
  if (series.length > 1) notes.push(`${series.length} series of ${lengthText(series)} samples`);
  const known = config.period ?? (step === null ? null : seasonOf(step));
  const period = known ?? findSeason(series[0].values, layout === 'wide' ? 1 : columns.length);
  if (config.period === undefined) {
    notes.push(
      period === 1
        ? 'no season'
        : `season of ${period} samples${known === null ? ' (by autocorrelation)' : ''}`,
    );
  }
  return {
    targets: layout === 'wide' ? ['value'] : [...columns],
    covariates: covariateNames,
    series,
    step,
    period,
    notes,
  };
}

/** Numbers of a column; NaN: no value. */
function parseColumn(table: Table, name: string): Float64Array {
  const cells = table.column(name);
  const pattern = table.decimal === ',' ? numberWithComma : number;
  const values = new Float64Array(cells.length);
  for (let row = 0; row < cells.length; row++) {
    const cell = cells[row];
    if (typeof cell === 'number' ? Number.isNaN(cell) : isMissing(cell)) {
      values[row] = NaN;
      continue;
    }
    const text = typeof cell === 'string' ? cell.trim() : '';
    const value = typeof cell === 'number' ? cell : pattern.test(text) ? Number(text.replace(',', '.')) : NaN;
    if (Number.isNaN(value)) {
      throw new DataError(
        `${table.source}: ${table.place(row)}, column ${quote(name)}: expected a number such as ${table.decimal === ',' ? '1,5' : '1.5'} or 2e-3, got ${quote(cell)}; ${numberHelp(text, table.decimal)}`,
      );
    }
    if (Math.abs(value) > largest) {
      throw new DataError(
        `${table.source}: ${table.place(row)}, column ${quote(name)}: expected a number within float32 (+-3.4e38), got ${quote(cell)}; use a larger unit`,
      );
    }
    values[row] = value;
  }
  return values;
}

const isMissing = (cell: Cell): boolean =>
  cell === null || (typeof cell === 'string' && missingMark.test(cell.trim()));

function numberHelp(text: string, decimal: '.' | ','): string {
  if (decimal === '.' && numberWithComma.test(text))
    return 'for decimal commas set data.decimal: ",", or remove thousands separators';
  if (/^[+-]?\d{1,3}([.,' ]\d{3})+([.,]\d*)?$/.test(text)) return 'remove thousands separators';
  if (decimal === ',' && number.test(text)) return 'for decimal points set data.decimal: "."';
  return 'correct the value';
}

/** The times of the rows, and the columns they are from. */
interface Times extends ParsedTimes {
  name: string;
  columns: readonly string[];
}

const timeNames = /^(time|times|timestamp|date|datetime|date_?time|day|ds|year|yearmonth|period)$/i;
const partNames = /^(quarter|qtr|month)$/i;

function openTimes(table: Table, config: SeriesDataConfig, notes: string[]): Times | null {
  const { time } = config;
  if (time === false) return null;
  if (typeof time === 'string') return { ...parseTimes(table, time), name: quote(time), columns: [time] };
  if (time !== undefined) {
    return {
      ...parseTimePair(table, time),
      name: time.map((name) => quote(name)).join(' and '),
      columns: time,
    };
  }
  const used = [...config.columns, ...(config.covariates ?? []), config.group];
  const free = table.columns.filter(
    (name, index) => !used.includes(name) && table.columns.indexOf(name) === index,
  );
  const year = free.find((name) => /^year$/i.test(name));
  const part = free.find((name) => partNames.test(name));
  try {
    if (year !== undefined && part !== undefined) {
      return {
        ...parseTimePair(table, [year, part]),
        name: `${quote(year)} and ${quote(part)}`,
        columns: [year, part],
      };
    }
    const name =
      free.find((column) => timeNames.test(column)) ??
      free.find((column) => looksLikeTimes(table.column(column)));
    if (name !== undefined) return { ...parseTimes(table, name), name: quote(name), columns: [name] };
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    notes.push(`warning: the rows are read as they follow each other: ${error.message}`);
  }
  return null;
}

function groupRows(table: Table, ids: readonly Cell[] | null): { id: string | null; rows: Uint32Array }[] {
  if (ids === null) return [{ id: null, rows: Uint32Array.from({ length: table.rows }, (_, row) => row) }];
  const groups = new Map<string, number[]>();
  for (let row = 0; row < ids.length; row++) {
    const id = String(ids[row] ?? '').trim();
    const rows = groups.get(id);
    if (rows === undefined) groups.set(id, [row]);
    else rows.push(row);
  }
  return [...groups].map(([id, rows]) => ({ id, rows: Uint32Array.from(rows) }));
}

/** The rows of a series in order of time; rows of the same time are adjacent and belong to one sample. */
interface OrderedRows {
  rows: Uint32Array;
  /** Places in `rows` of the first row of each sample, and the end. */
  starts: Uint32Array;
  /** Time of each sample. */
  times: Float64Array | null;
}

function orderRows(
  table: Table,
  config: SeriesDataConfig,
  id: string,
  given: Uint32Array,
  time: Times | null,
  notes: string[],
): OrderedRows {
  if (time === null)
    return { rows: given, starts: Uint32Array.from({ length: given.length + 1 }, (_, i) => i), times: null };
  const { times } = time;
  let rows = given;
  const unordered = rows.findIndex((row, index) => index > 0 && times[row] < times[rows[index - 1]]);
  if (unordered > 0) {
    if (config.order !== 'sort') throw wrongOrder(table, config, id, rows, unordered, time);
    rows = rows.slice().sort((a, b) => times[a] - times[b] || a - b);
    notes.push(`${seriesText(config, id)}rows sorted by time`);
  }
  const starts: number[] = [];
  for (let index = 0; index < rows.length; index++) {
    if (index === 0 || times[rows[index]] !== times[rows[index - 1]]) starts.push(index);
    else if ((config.duplicates ?? 'fail') === 'fail') throw duplicate(table, config, id, rows, index, time);
  }
  const repeated = rows.length - starts.length;
  if (repeated > 0) {
    notes.push(
      `${seriesText(config, id)}${repeated} row${repeated === 1 ? '' : 's'} with the time of an earlier row: ${config.duplicates === 'mean' ? 'averaged' : 'dropped'}`,
    );
  }
  const own = Float64Array.from(starts, (start) => times[rows[start]]);
  return { rows, starts: Uint32Array.from([...starts, rows.length]), times: own };
}

const seriesText = ({ group, layout }: SeriesDataConfig, id: string): string =>
  group !== undefined || layout === 'wide' ? `series ${quote(id)}: ` : '';

function wrongOrder(
  table: Table,
  config: SeriesDataConfig,
  id: string,
  rows: Uint32Array,
  index: number,
  time: Times,
): DataError {
  const { times } = time;
  let descending = true;
  for (let i = 1; i < rows.length && descending; i++) descending = times[rows[i]] < times[rows[i - 1]];
  const text = (row: number): string => quote(cellText(table, time, row));
  const where = `${table.source}: ${seriesText(config, id)}${table.place(rows[index])}, column ${time.name}: expected a time after ${text(rows[index - 1])}, got ${text(rows[index])}`;
  if (descending) return new DataError(`${where}: the rows are in descending order; set data.order: sort`);
  const group = suggestGroup(table, config, time);
  return new DataError(
    group === null
      ? `${where}; sort the file by time, or set data.order: sort`
      : `${where}; the file has several series: set data.group: ${group}`,
  );
}

function duplicate(
  table: Table,
  config: SeriesDataConfig,
  id: string,
  rows: Uint32Array,
  index: number,
  time: Times,
): DataError {
  const where = `${table.source}: ${seriesText(config, id)}${table.place(rows[index])}, column ${time.name}: expected a time after that of ${table.place(rows[index - 1])}, got ${quote(cellText(table, time, rows[index]))} again`;
  const group = suggestGroup(table, config, time);
  return new DataError(
    group === null
      ? `${where}; remove one of the rows, or set data.duplicates: first or mean`
      : `${where}; the file has several series: set data.group: ${group}`,
  );
}

const cellText = (table: Table, time: Times, row: number): string =>
  time.columns.map((name) => String(table.column(name)[row])).join(' ');

/** A column that separates the series of a long table: within each of its values no time is repeated. */
function suggestGroup(
  table: Table,
  config: SeriesDataConfig,
  { times, columns: timeColumns }: Times,
): string | null {
  if (config.group !== undefined || config.layout === 'wide') return null;
  const used = [...config.columns, ...(config.covariates ?? []), ...timeColumns];
  for (const name of table.columns) {
    if (used.includes(name) || name === '' || table.columns.indexOf(name) !== table.columns.lastIndexOf(name))
      continue;
    const ids = table.column(name);
    const groups = new Set(ids);
    if (groups.size < 2 || groups.size > table.rows / 2) continue;
    const seen = new Set<string>();
    for (let row = 0; row < table.rows; row++) seen.add(`${ids[row]}\0${times[row]}`);
    if (seen.size === table.rows) return name;
  }
  return null;
}

interface Reading {
  table: Table;
  config: SeriesDataConfig;
  step: TimeStep | null;
  time: Times | null;
  notes: string[];
  names: readonly string[];
}

function buildSeries(
  reading: Reading,
  id: string,
  ordered: OrderedRows,
  columns: readonly Float64Array[],
  covariateColumns: readonly Float64Array[],
): Series {
  const { config, notes, names } = reading;
  const policy = config.missing ?? 'fail';
  const prefix = seriesText(config, id);
  const { places, clockChanges } = samplePlaces(reading, id, ordered);
  const samples = places.length === 0 ? 0 : places[places.length - 1] + 1;
  const spread = (column: Float64Array): Float64Array =>
    spreadColumn(column, ordered, places, samples, config);
  let values = columns.map(spread);
  let covariates = covariateColumns.map(spread);
  let times = sampleTimes(reading, ordered, places, samples);
  for (const { from, to } of clockChanges) {
    for (const column of [...values, ...covariates]) fillColumn(column.subarray(from, to + 1), 'interpolate');
  }
  if (clockChanges.length > 0) {
    notes.push(
      `${prefix}${clockChanges.length} gap${clockChanges.length === 1 ? '' : 's'} of one hour at the start of daylight saving time: interpolated`,
    );
  }
  const lineOf = (sample: number): string => {
    const place = places.indexOf(sample);
    return place < 0
      ? `time ${reading.step === null || times === null ? sample : formatTime(reading.step, times[sample])}`
      : reading.table.place(ordered.rows[ordered.starts[place]]);
  };

  const isEmpty = (sample: number): boolean => values.every((column) => Number.isNaN(column[sample]));
  let length = samples;
  if (covariates.length > 0 || config.layout === 'wide' || policy !== 'fail') {
    while (length > 0 && isEmpty(length - 1)) length--;
  }
  let start = 0;
  if (config.layout === 'wide' || policy !== 'fail') while (start < length && isEmpty(start)) start++;
  if (length === start) {
    throw new DataError(
      `${reading.table.source}: ${prefix}expected values in ${names.map((name) => quote(name)).join(', ')}, got none; fill them in, or name other columns`,
    );
  }
  const end = covariates.length > 0 ? samples : length;
  if (start > 0 || end < samples) {
    values = values.map((column) => column.subarray(start, end));
    covariates = covariates.map((column) => column.subarray(start, end));
    times = times?.subarray(start, end) ?? null;
    if (config.layout !== 'wide')
      notes.push(`${prefix}${start + samples - end} samples without values at the ends: left out`);
    length -= start;
  }
  values = values.map((column) => column.subarray(0, length));

  const fill = (column: Float64Array, name: string): number => {
    let count = 0;
    for (let sample = 0; sample < column.length; sample++) {
      if (!Number.isNaN(column[sample])) continue;
      if (policy === 'fail') throw missingValue(reading, prefix, lineOf(sample + start), name);
      count++;
    }
    if (count > 0 && (policy === 'interpolate' || policy === 'forward-fill')) fillColumn(column, policy);
    return count;
  };
  const filled = values.map((column, place) => fill(column, names[place]));
  const filledCovariates = covariates.map((column, place) => fill(column, config.covariates?.[place] ?? ''));
  const count = [...filled, ...filledCovariates].reduce((sum, more) => sum + more, 0);
  if (count > 0 && policy === 'drop') {
    const all = [...values, ...covariates];
    const keep: number[] = [];
    for (let sample = 0; sample < length; sample++) {
      if (all.every((column) => !Number.isNaN(column[sample]))) keep.push(sample);
    }
    notes.push(`${prefix}${length - keep.length} samples with missing values: dropped`);
    const kept = length;
    for (let sample = length; sample < samples - start; sample++) {
      const place = covariates.findIndex((column) => Number.isNaN(column[sample]));
      if (place >= 0)
        throw missingValue(reading, prefix, lineOf(sample + start), config.covariates?.[place] ?? '');
    }
    const ahead = (column: Float64Array): Float64Array => {
      const joined = new Float64Array(keep.length + column.length - kept);
      for (const [index, sample] of keep.entries()) joined[index] = column[sample];
      joined.set(column.subarray(kept), keep.length);
      return joined;
    };
    values = values.map((column) => Float64Array.from(keep, (sample) => column[sample]));
    covariates = covariates.map(ahead);
    times = times && ahead(times);
    length = keep.length;
  } else if (count > 0) {
    notes.push(
      `${prefix}${count} missing value${count === 1 ? '' : 's'}: ${policy === 'interpolate' ? 'interpolated' : 'filled with the value before'}`,
    );
  }
  return {
    id,
    length,
    values: interleave(values, length),
    covariates: interleave(covariates, times?.length ?? covariates.at(0)?.length ?? 0),
    times,
  };
}

/** The place of each sample on the grid of the step; without times, or with `missing: drop`, they are consecutive. */
function samplePlaces(
  { table, config, step, time }: Reading,
  id: string,
  { rows, starts, times }: OrderedRows,
): { places: Uint32Array; clockChanges: { from: number; to: number }[] } {
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
  { step, config }: Reading,
  { times }: OrderedRows,
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

function missingValue({ table }: Reading, prefix: string, line: string, name: string): DataError {
  return new DataError(
    `${table.source}: ${prefix}${line}, column ${quote(name)}: expected a number, got nothing; fill in the value, or set data.missing: interpolate, forward-fill or drop`,
  );
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

function interleave(columns: readonly Float64Array[], length: number): Float64Array {
  if (columns.length === 1) return columns[0].slice(0, length);
  const values = new Float64Array(length * columns.length);
  for (const [place, column] of columns.entries()) {
    for (let sample = 0; sample < length; sample++) values[sample * columns.length + place] = column[sample];
  }
  return values;
}

/** Appends calendar features to the covariates of each series. */
function addCalendar(
  table: Table,
  series: Series[],
  step: TimeStep | null,
  time: Times | null,
  names: string[],
): void {
  if (step === null || time?.calendar !== true) {
    throw new DataError(
      `${table.source}: expected times with dates for data.calendar, got ${time === null ? 'no time' : 'numbers'}; set data.time, or remove data.calendar`,
    );
  }
  const given = names.length;
  for (const one of series) {
    const times = one.times as Float64Array;
    const calendar = calendarFeatures(step, times);
    if (one === series[0]) names.push(...calendar.names);
    const width = given + calendar.names.length;
    const joined = new Float64Array(times.length * width);
    for (let sample = 0; sample < times.length; sample++) {
      joined.set(one.covariates.subarray(sample * given, (sample + 1) * given), sample * width);
      joined.set(
        calendar.values.subarray(sample * (width - given), (sample + 1) * (width - given)),
        sample * width + given,
      );
    }
    one.covariates = joined;
  }
}

function spanText(series: readonly Series[], step: TimeStep): string {
  let first = Infinity;
  let last = -Infinity;
  for (const { times, length } of series) {
    first = Math.min(first, times?.[0] ?? Infinity);
    last = Math.max(last, times?.[length - 1] ?? -Infinity);
  }
  return `${formatTime(step, first)} to ${formatTime(step, last)}`;
}

function lengthText(series: readonly Series[]): string {
  let least = Infinity;
  let most = 0;
  for (const { length } of series) [least, most] = [Math.min(least, length), Math.max(most, length)];
  return least === most ? String(least) : `${least} to ${most}`;
}
