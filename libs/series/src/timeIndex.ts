import { DataError } from '@onda/contract';
import type { Cell, Table } from './table.ts';
import { quote } from './table.ts';

export type TimeUnit =
  'year' | 'quarter' | 'month' | 'week' | 'day' | 'hour' | 'minute' | 'second' | 'millisecond' | 'index';

/** The distance of two samples: `count` units. Unit `index`: the times are numbers without a calendar. */
export interface TimeStep {
  unit: TimeUnit;
  count: number;
}

/** Times of rows: milliseconds since 1970-01-01 UTC, or numbers of an index. NaN: no time. */
export interface ParsedTimes {
  times: Float64Array;
  calendar: boolean;
}

const msOf = {
  week: 604_800_000,
  day: 86_400_000,
  hour: 3_600_000,
  minute: 60_000,
  second: 1000,
  millisecond: 1,
};
const monthsOf = { year: 12, quarter: 3, month: 1 };

const isMonthUnit = (unit: TimeUnit): unit is keyof typeof monthsOf => unit in monthsOf;

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

/** Midnight of a date; NaN if there is none, or before the year 100, which Date.UTC reads as 19xx. */
function dateOf(year: number, month: number, day: number): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
  return year >= 100 && month >= 1 && month <= 12 && day >= 1 && day <= days
    ? Date.UTC(year, month - 1, day)
    : NaN;
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
 * Whether a gap of one hour is the start of daylight saving time: in the night to a Sunday, in spring of either hemisphere. The rows
 * are in local time then, and none is missing.
 */
export function isClockChange(step: TimeStep, before: number, after: number): boolean {
  const stepMs = step.unit === 'hour' || step.unit === 'minute' ? msOf[step.unit] * step.count : Infinity;
  const date = new Date(after);
  return (
    after - before === stepMs + msOf.hour &&
    date.getUTCDay() === 0 &&
    date.getUTCHours() <= 4 &&
    [2, 3, 8, 9].includes(date.getUTCMonth())
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

/**
 * Infers the step of times from their most frequent distance: months where all times are at the same day and time of a month (or at
 * its last day), else milliseconds.
 *
 * @param series times of each series, ascending without duplicates
 * @returns null if no series has two times
 */
export function inferStep(series: readonly Float64Array[], calendar: boolean): TimeStep | null {
  if (!calendar) {
    const count = commonDistance(series, (times, index) =>
      Number((times[index] - times[index - 1]).toPrecision(10)),
    );
    return count === null ? null : { unit: 'index', count };
  }
  if (onMonths(series)) {
    const months = commonDistance(
      series,
      (times, index) => monthOf(times[index]) - monthOf(times[index - 1]),
    );
    if (months !== null && months > 0) {
      for (const unit of ['year', 'quarter'] as const) {
        if (months % monthsOf[unit] === 0) return { unit, count: months / monthsOf[unit] };
      }
      return { unit: 'month', count: months };
    }
  }
  const distance = commonDistance(series, (times, index) => times[index] - times[index - 1]);
  if (distance === null) return null;
  const unit =
    (Object.keys(msOf) as (keyof typeof msOf)[]).find((name) => distance % msOf[name] === 0) ?? 'millisecond';
  return { unit, count: distance / msOf[unit] };
}

function commonDistance(
  series: readonly Float64Array[],
  distance: (times: Float64Array, index: number) => number,
): number | null {
  const counts = new Map<number, number>();
  for (const times of series) {
    for (let index = 1; index < times.length; index++) {
      const value = distance(times, index);
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
  }
  let best: number | null = null;
  for (const [value, count] of counts) {
    const most = best === null ? 0 : (counts.get(best) ?? 0);
    if (best === null || count > most || (count === most && value < best)) best = value;
  }
  return best;
}

const monthOf = (time: number): number => {
  const date = new Date(time);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
};

/** Milliseconds since the start of the month. */
const timeInMonth = (time: number): number => time - startOfMonth(monthOf(time));

const startOfMonth = (month: number): number => dateOf(Math.floor(month / 12), (month % 12) + 1, 1);

function onMonths(series: readonly Float64Array[]): boolean {
  const first = series.find(({ length }) => length > 0)?.[0];
  if (first === undefined) return false;
  return (
    sameInMonth(series, timeInMonth(first), timeInMonth) ||
    sameInMonth(series, timeToMonthEnd(first), timeToMonthEnd)
  );
}

const timeToMonthEnd = (time: number): number => startOfMonth(monthOf(time) + 1) - time;

function sameInMonth(series: readonly Float64Array[], first: number, of: (time: number) => number): boolean {
  return series.every((times) => times.every((time) => of(time) === first));
}

/**
 * The number of steps from one time to another.
 *
 * @returns NaN if the second time is not a whole number of steps later
 */
export function stepsBetween({ unit, count }: TimeStep, from: number, to: number): number {
  const steps = isMonthUnit(unit)
    ? (monthOf(to) - monthOf(from)) / (monthsOf[unit] * count)
    : (to - from) / (unit === 'index' ? count : msOf[unit] * count);
  const whole = Math.round(steps);
  if (Math.abs(steps - whole) > 1e-6) return NaN;
  const sameDay = timeInMonth(from) === timeInMonth(to) || timeToMonthEnd(from) === timeToMonthEnd(to);
  return isMonthUnit(unit) && !sameDay ? NaN : whole;
}

/** The time `steps` steps after a time (before it if negative). The day of a month is kept; the last day stays the last. */
export function timeAfter({ unit, count }: TimeStep, time: number, steps: number): number {
  if (unit === 'index') return time + count * steps;
  if (!isMonthUnit(unit)) return time + msOf[unit] * count * steps;
  const month = monthOf(time) + monthsOf[unit] * count * steps;
  const atEnd = timeToMonthEnd(time);
  if (atEnd <= msOf.day) return startOfMonth(month + 1) - atEnd;
  return Math.min(startOfMonth(month) + timeInMonth(time), startOfMonth(month + 1) - 1);
}

/** A time as text, as precise as its step. */
export function formatTime({ unit }: TimeStep, time: number): string {
  if (unit === 'index') return String(time);
  const iso = new Date(time).toISOString();
  switch (unit) {
    case 'year':
      return iso.endsWith('01-01T00:00:00.000Z') ? iso.slice(0, 4) : iso.slice(0, 10);
    case 'quarter':
      return timeInMonth(time) === 0
        ? `${iso.slice(0, 4)}Q${(Number(iso.slice(5, 7)) + 2) / 3}`
        : iso.slice(0, 10);
    case 'month':
      return timeInMonth(time) === 0 ? iso.slice(0, 7) : iso.slice(0, 10);
    case 'week':
    case 'day':
      return time % msOf.day === 0 ? iso.slice(0, 10) : iso.slice(0, 19).replace('T', ' ');
    case 'millisecond':
      return iso.slice(0, 23).replace('T', ' ');
    case 'hour':
    case 'minute':
    case 'second':
      return iso.slice(0, 19).replace('T', ' ');
  }
}

/** A step in words, such as `month` or `15 minutes`. */
export function stepText({ unit, count }: TimeStep): string {
  if (unit === 'index') return count === 1 ? 'index' : `index, ${count} apart`;
  return count === 1 ? unit : `${count} ${unit}s`;
}

/** Samples of a season by the step of the times: a year of months, a day of hours or minutes; null if the step has no usual season. */
export function seasonOf({ unit, count }: TimeStep): number | null {
  const whole = (season: number): number => (season % count === 0 ? season / count : 1);
  switch (unit) {
    case 'year':
      return 1;
    case 'quarter':
      return whole(4);
    case 'month':
      return whole(12);
    case 'week':
      return count === 1 ? 52 : 1;
    case 'day':
      return whole(7);
    case 'hour':
      return whole(24);
    case 'minute':
      return count === 1 ? 60 : whole(1440);
    case 'second':
      return count === 1 ? 60 : whole(3600);
    case 'millisecond':
    case 'index':
      return null;
  }
}

/** Calendar positions as sine and cosine, those that change within a season longer than the step. */
export function calendarFeatures(
  step: TimeStep,
  times: Float64Array,
): { names: string[]; values: Float64Array } {
  const stepMs = isMonthUnit(step.unit)
    ? monthsOf[step.unit] * 31 * msOf.day
    : step.unit === 'index'
      ? Infinity
      : msOf[step.unit];
  const cycles = [
    { name: 'minute of hour', length: msOf.hour, at: (time: number) => (time % msOf.hour) / msOf.hour },
    { name: 'hour of day', length: msOf.day, at: (time: number) => (time % msOf.day) / msOf.day },
    // 1970-01-01 was a Thursday.
    {
      name: 'day of week',
      length: msOf.week,
      at: (time: number) => ((time + 3 * msOf.day) % msOf.week) / msOf.week,
    },
    { name: 'time of year', length: 365 * msOf.day, at: shareOfYear },
  ].filter(({ length }) => length > stepMs * step.count);
  const names = cycles.flatMap(({ name }) => [`sin ${name}`, `cos ${name}`]);
  const values = new Float64Array(times.length * names.length);
  let at = 0;
  for (const time of times) {
    for (const cycle of cycles) {
      values[at++] = Math.sin(2 * Math.PI * cycle.at(time));
      values[at++] = Math.cos(2 * Math.PI * cycle.at(time));
    }
  }
  return { names, values };
}

function shareOfYear(time: number): number {
  const year = new Date(time).getUTCFullYear();
  const start = dateOf(year, 1, 1);
  return (time - start) / (dateOf(year + 1, 1, 1) - start);
}
