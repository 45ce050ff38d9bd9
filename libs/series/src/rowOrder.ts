import { DataError } from '@onda/contract';
import type { ParsedTimes } from './parseTimes.ts';
import { looksLikeTimes, parseTimePair, parseTimes } from './parseTimes.ts';
import type { SeriesDataConfig } from './seriesSet.ts';
import { seriesText } from './seriesSet.ts';
import type { Table } from './table.ts';
import { quote } from './table.ts';

/** The times of the rows, and the columns they are from. */
export interface Times extends ParsedTimes {
  name: string;
  columns: readonly string[];
}

const timeNames = /^(time|times|timestamp|date|datetime|date_?time|day|ds|year|yearmonth|period)$/i;
const partNames = /^(quarter|qtr|month)$/i;

/** The times of a table: of the configured columns, else of a column with the name or the values of times; null without. */
export function openTimes(table: Table, config: SeriesDataConfig, notes: string[]): Times | null {
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
  const used = new Set([...config.columns, ...(config.covariates ?? []), config.group]);
  const free = [...new Set(table.columns)].filter((name) => !used.has(name));
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

/** The columns from which the times of a table are read when none are named; empty without times. */
export function detectTimeColumns(table: Table): readonly string[] {
  return openTimes(table, { columns: [] }, [])?.columns ?? [];
}

/** The rows of a series in order of time; rows of the same time are adjacent and belong to one sample. */
export interface OrderedRows {
  rows: Uint32Array;
  /** Places in `rows` of the first row of each sample, and the end. */
  starts: Uint32Array;
  /** Time of each sample. */
  times: Float64Array | null;
}

/**
 * Brings the rows of a series in order of time.
 *
 * @param given rows of the table
 * @throws DataError for times out of order or repeated, unless a policy repairs them
 */
export function orderRows(
  table: Table,
  config: SeriesDataConfig,
  id: string | null,
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

function wrongOrder(
  table: Table,
  config: SeriesDataConfig,
  id: string | null,
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
  id: string | null,
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

/** The time of a row as in the file. */
export const cellText = (table: Table, time: Times, row: number): string =>
  time.columns.map((name) => String(table.column(name)[row])).join(' ');

/** A column that separates the series of a long table: within each of its values no time is repeated. */
function suggestGroup(
  table: Table,
  config: SeriesDataConfig,
  { times, columns: timeColumns }: Times,
): string | null {
  if (config.group !== undefined || config.layout === 'wide') return null;
  const used = new Set([...config.columns, ...(config.covariates ?? []), ...timeColumns]);
  const counts = new Map<string, number>();
  for (const name of table.columns) counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const name of table.columns) {
    if (used.has(name) || name === '' || counts.get(name) !== 1) continue;
    const ids = table.column(name);
    const groups = new Set(ids);
    if (groups.size < 2 || groups.size > table.rows / 2) continue;
    const seen = new Set<string>();
    for (let row = 0; row < table.rows; row++) seen.add(`${ids[row]}\0${times[row]}`);
    if (seen.size === table.rows) return name;
  }
  return null;
}
