import { DataError } from '@onda/contract';
import type { Times } from './rowOrder.ts';
import { openTimes, orderRows } from './rowOrder.ts';
import { buildSeries } from './samples.ts';
import { findSeason } from './season.ts';
import type { Series, SeriesDataConfig, SeriesSet } from './seriesSet.ts';
import type { Cell } from './parsedColumns.ts';
import type { Table } from './table.ts';
import { quote } from './table.ts';
import type { TimeStep } from './timeStep.ts';
import { calendarFeatures, formatTime, inferStep, seasonOf, stepText } from './timeStep.ts';

/** Repairs that the notes list. */
const mostRepairs = 10;

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

  // The columns of a wide table share their rows.
  const repairs: string[] = [];
  const shared = layout === 'wide' ? orderRows(table, config, null, groups[0].rows, time, repairs) : null;
  const ordered = parts.map(({ id, rows }) => shared ?? orderRows(table, config, id, rows, time, repairs));
  const step =
    time === null
      ? null
      : inferStep(
          ordered.map(({ times }) => times as Float64Array),
          time.calendar,
        );
  const series = parts.map(({ id, values: own }, index) =>
    buildSeries(
      {
        table,
        config,
        step,
        time,
        id,
        rows: ordered[index],
        columns: own,
        names: layout === 'wide' ? [id] : columns,
        covariateColumns: covariates,
      },
      repairs,
    ),
  );
  notes.push(...repairs.slice(0, mostRepairs));
  if (repairs.length > mostRepairs)
    notes.push(`${repairs.length - mostRepairs} more repairs of other series`);
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
