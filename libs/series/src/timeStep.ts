export type TimeUnit =
  'year' | 'quarter' | 'month' | 'week' | 'day' | 'hour' | 'minute' | 'second' | 'millisecond' | 'index';

/** The distance of two samples: `count` units. Unit `index`: the times are numbers without a calendar. */
export interface TimeStep {
  unit: TimeUnit;
  count: number;
}

export const msOf = {
  week: 604_800_000,
  day: 86_400_000,
  hour: 3_600_000,
  minute: 60_000,
  second: 1000,
  millisecond: 1,
};
const monthsOf = { year: 12, quarter: 3, month: 1 };

const isMonthUnit = (unit: TimeUnit): unit is keyof typeof monthsOf => unit in monthsOf;

/** Midnight of a date; NaN if there is none, or before the year 100, which Date.UTC reads as 19xx. */
export function dateOf(year: number, month: number, day: number): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
  return year >= 100 && month >= 1 && month <= 12 && day >= 1 && day <= days
    ? Date.UTC(year, month - 1, day)
    : NaN;
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
