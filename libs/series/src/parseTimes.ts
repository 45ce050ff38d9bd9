import { DataError } from '@onda/contract';
import type { Cell } from './parsedColumns.ts';
import type { Table } from './table.ts';
import { quote } from './table.ts';
import { dateOf, msOf } from './timeStep.ts';

/** Times of rows: milliseconds since 1970-01-01 UTC, or numbers of an index. NaN: no time. */
export interface ParsedTimes {
  times: Float64Array;
  calendar: boolean;
}

const accepted =
  'a time such as 2010-01-31, 2010-01-31 23:00:00, 31.12.2010, 2010-01, 2010M01, 2010Q1, a year, a year with a fraction (1949.0833), epoch seconds or milliseconds, or a whole number';

/**
 * Parses the times of a column; all must be written in the same way. Times without a zone are UTC.
 *
 * @throws DataError naming the place of the first time that cannot be read
 */
export function parseTimes(table: Table, name: string): ParsedTimes {
  const cells = table.column(name);
  const first = cells.findIndex((cell) => !isBlank(cell));
  const fail = (row: number): never => {
    const cell = cells[row];
    const got = isBlank(cell) ? 'nothing' : quote(cell);
    const slashes = /^\d{1,2}\/\d{1,2}\/\d{2,4}/.test(String(cell))
      ? ', whose order of day and month is unknown because no number is above 12'
      : '';
    throw new DataError(
      `${table.source}: ${table.place(row)}, column ${quote(name)}: expected ${accepted}, got ${got}${slashes}; correct the time`,
    );
  };
  if (first < 0) return fail(0);
  const numbers = toNumbers(cells, table.decimal);
  if (numbers !== null) return numericTimes(numbers, cells, fail);
  const times = new Float64Array(cells.length);
  const order = slashOrder(cells);
  for (let row = 0; row < cells.length; row++) {
    const text = String(cells[row] ?? '').trim();
    const time = order === null ? parseTime(text) : parseSlashTime(text, order);
    if (Number.isNaN(time)) fail(row);
    times[row] = time;
  }
  return { times, calendar: true };
}

const isBlank = (cell: Cell): boolean => cell === null || (typeof cell === 'string' && cell.trim() === '');

/** The cells as numbers; null unless all are. */
function toNumbers(cells: readonly Cell[], decimal: '.' | ','): Float64Array | null {
  const numbers = new Float64Array(cells.length);
  for (let row = 0; row < cells.length; row++) {
    const cell = cells[row];
    if (cell === null) return null;
    const text = typeof cell === 'string' ? cell.trim() : '';
    if (typeof cell === 'string' && !/^-?\d+([.,]\d*)?$/.test(text)) return null;
    numbers[row] = typeof cell === 'number' ? cell : Number(decimal === ',' ? text.replace(',', '.') : text);
    if (Number.isNaN(numbers[row])) return null;
  }
  return numbers;
}

/** Numbers as years, years with a fraction, dates as YYYYMMDD, epoch times, or an index: by the range of all. */
function numericTimes(
  numbers: Float64Array,
  cells: readonly Cell[],
  fail: (row: number) => never,
): ParsedTimes {
  let least = Infinity;
  let most = -Infinity;
  let whole = true;
  for (const value of numbers) {
    least = Math.min(least, value);
    most = Math.max(most, value);
    whole &&= Number.isInteger(value);
  }
  if (least >= 1000 && most < 3000) {
    const times = numbers.map(timeOfYears);
    const bad = times.findIndex(Number.isNaN);
    // Numbers of a finer grid than months are not years but, for example, the index of a measurement.
    if (bad < 0) return { times, calendar: true };
    return /[.,]/.test(String(cells[bad])) ? fail(bad) : { times: numbers, calendar: false };
  }
  if (whole && least >= 1e11) return { times: numbers, calendar: true };
  if (whole && least >= 1e8) return { times: numbers.map((value) => value * 1000), calendar: true };
  if (whole && least >= 1000_01_01 && most <= 2999_12_31) {
    const times = numbers.map((value) =>
      dateOf(Math.floor(value / 10_000), Math.floor(value / 100) % 100, value % 100),
    );
    if (!times.some(Number.isNaN)) return { times, calendar: true };
  }
  return { times: numbers, calendar: false };
}

/** The start of the month of a year with a fraction, which is a multiple of a twelfth (rounded to two digits at least); else NaN. */
function timeOfYears(value: number): number {
  const month = (value - Math.floor(value)) * 12;
  // Two digits of a year are off by up to 0.06 months.
  if (Math.abs(month - Math.round(month)) > 0.07) return NaN;
  return Date.UTC(Math.floor(value), Math.round(month), 1);
}

const isoTime =
  /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ]\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?)?$/i;
const dottedTime = /^(\d{1,2})\.(\d{1,2})\.(\d{4})(?:[T ]\s*(\d{1,2}):(\d{2})(?::(\d{2}))?)?$/;
const slashTime = /^(\d{1,2})\/(\d{1,2})\/(\d{4})(?:[T ]\s*(\d{1,2}):(\d{2})(?::(\d{2}))?)?$/;
const monthTime = /^(\d{4})(?:[-/]|-?M)(\d{1,2})$/i;
const quarterTime = /^(\d{4})[-/ ]?Q([1-4])$/i;

/** @returns milliseconds since 1970-01-01 UTC; NaN if the text is not a time */
function parseTime(text: string): number {
  let parts = isoTime.exec(text);
  if (parts !== null) {
    const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = ''] = parts;
    return (
      dateOf(+year, +month, +day) +
      clock(+hour, +minute, +second) +
      Math.floor(Number(`0.${fraction || '0'}`) * 1000) -
      zoneOf(zone)
    );
  }
  parts = dottedTime.exec(text);
  if (parts !== null) {
    const [, day, month, year, hour = '0', minute = '0', second = '0'] = parts;
    return dateOf(+year, +month, +day) + clock(+hour, +minute, +second);
  }
  parts = monthTime.exec(text);
  if (parts !== null) return dateOf(+parts[1], +parts[2], 1);
  parts = quarterTime.exec(text);
  if (parts !== null) return dateOf(+parts[1], 3 * +parts[2] - 2, 1);
  return /^\d{4}$/.test(text) ? dateOf(+text, 1, 1) : NaN;
}

/** The order of day and month in dates such as 31/12/2010: the number above 12 is the day. */
function slashOrder(cells: readonly Cell[]): 'day' | 'month' | null {
  if (!slashTime.test(String(cells[0] ?? '').trim())) return null;
  for (const cell of cells) {
    const parts = slashTime.exec(String(cell ?? '').trim());
    if (parts !== null && Number(parts[1]) > 12) return 'day';
    if (parts !== null && Number(parts[2]) > 12) return 'month';
  }
  return null;
}

function parseSlashTime(text: string, first: 'day' | 'month'): number {
  const parts = slashTime.exec(text);
  if (parts === null) return NaN;
  const [, one, two, year, hour = '0', minute = '0', second = '0'] = parts;
  const [day, month] = first === 'day' ? [one, two] : [two, one];
  return dateOf(+year, +month, +day) + clock(+hour, +minute, +second);
}

function clock(hour: number, minute: number, second: number): number {
  return hour < 24 && minute < 60 && second < 61
    ? hour * msOf.hour + minute * msOf.minute + second * msOf.second
    : NaN;
}

function zoneOf(zone: string): number {
  const parts = /^([+-])(\d{2}):?(\d{2})$/.exec(zone);
  return parts === null ? 0 : (parts[1] === '-' ? -1 : 1) * clock(+parts[2], +parts[3], 0);
}

/** Whether the first values of a column with an unknown name are times: text such as 2010-01-31, or ascending 1949.08333. */
export function looksLikeTimes(cells: readonly Cell[]): boolean {
  const first = cells.slice(0, 5).map((cell) => String(cell ?? '').trim());
  if (first.every((text) => !Number.isNaN(parseTime(text)) && !/^\d+$/.test(text))) return true;
  const years = first.map((text) =>
    /^\d{4}[.,]\d+$/.test(text) ? timeOfYears(Number(text.replace(',', '.'))) : NaN,
  );
  return (
    first.length > 1 &&
    years.every((time, index) => (index === 0 ? !Number.isNaN(time) : time > years[index - 1]))
  );
}

/**
 * Times of two columns: a year, and a quarter (1 to 4) or a month (1 to 12), by the name of the second.
 *
 * @throws DataError naming the place of a value out of range
 */
export function parseTimePair(
  table: Table,
  [yearColumn, partColumn]: readonly [string, string],
): ParsedTimes {
  const quarters = /quarter|^q/i.test(partColumn);
  if (!quarters && !/month|^m/i.test(partColumn)) {
    throw new DataError(
      `${table.source}: expected a year and a quarter or a month as the two columns of the time, got ${quote(yearColumn)} and ${quote(partColumn)}; name a column with "quarter" or "month" in its name, or one column`,
    );
  }
  const years = table.column(yearColumn);
  const parts = table.column(partColumn);
  const most = quarters ? 4 : 12;
  const times = new Float64Array(table.rows);
  for (let row = 0; row < table.rows; row++) {
    const year = Number(years[row] ?? NaN);
    const part = Number(parts[row] ?? NaN);
    if (
      !Number.isInteger(year) ||
      !Number.isInteger(part) ||
      part < 1 ||
      part > most ||
      year < 1 ||
      year > 9999
    ) {
      throw new DataError(
        `${table.source}: ${table.place(row)}, columns ${quote(yearColumn)} and ${quote(partColumn)}: expected a year and a ${quarters ? 'quarter' : 'month'} from 1 to ${most}, got ${quote(years[row])} and ${quote(parts[row])}; correct the time`,
      );
    }
    times[row] = dateOf(year, quarters ? 3 * part - 2 : part, 1);
  }
  return { times, calendar: true };
}
