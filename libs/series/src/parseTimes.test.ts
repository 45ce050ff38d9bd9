import { DataError } from '@onda/contract';
import { describe, expect, it } from 'vitest';
import { readTable } from './table.ts';
import { parseTimePair, parseTimes } from './parseTimes.ts';
import { formatTime, inferStep } from './timeStep.ts';
import type { TimeStep } from './timeStep.ts';

const tableOf = (values: readonly string[]) =>
  readTable(new TextEncoder().encode(`t;u\n${values.map((value) => `${value};0`).join('\n')}`), {
    source: 's.csv',
    delimiter: ';',
  });

describe(parseTimes, () => {
  it.each<[string, string[], TimeStep, string[]]>([
    [
      'dates',
      ['2010-01-30', '2010-01-31', '2010-02-01'],
      { unit: 'day', count: 1 },
      ['2010-01-30', '2010-02-01'],
    ],
    [
      'date-times',
      ['2010-01-01 00:00:00', '2010-01-01 01:00:00'],
      { unit: 'hour', count: 1 },
      ['2010-01-01 00:00:00', '2010-01-01 01:00:00'],
    ],
    [
      'ISO times with a zone',
      ['2010-01-01T00:00:00+02:00', '2010-01-01T00:30:00+02:00'],
      { unit: 'minute', count: 30 },
      ['2009-12-31 22:00:00', '2009-12-31 22:30:00'],
    ],
    [
      'milliseconds',
      ['2010-01-01T00:00:00.000Z', '2010-01-01T00:00:00.250Z'],
      { unit: 'millisecond', count: 250 },
      ['2010-01-01 00:00:00.000', '2010-01-01 00:00:00.250'],
    ],
    ['weeks', ['2010-01-04', '2010-01-11'], { unit: 'week', count: 1 }, ['2010-01-04', '2010-01-11']],
    [
      'dates with dots',
      ['31.12.2010', '01.01.2011'],
      { unit: 'day', count: 1 },
      ['2010-12-31', '2011-01-01'],
    ],
    [
      'dates with slashes, day first',
      ['1/12/2010', '2/12/2010', '13/12/2010'],
      { unit: 'day', count: 1 },
      ['2010-12-01', '2010-12-13'],
    ],
    [
      'dates with slashes, month first',
      ['12/1/2010', '12/2/2010', '12/13/2010'],
      { unit: 'day', count: 1 },
      ['2010-12-01', '2010-12-13'],
    ],
    ['months', ['1949-11', '1949-12', '1950-01'], { unit: 'month', count: 1 }, ['1949-11', '1950-01']],
    ['months with M', ['1949M11', '1949M12'], { unit: 'month', count: 1 }, ['1949-11', '1949-12']],
    [
      'month ends',
      ['2010-01-31', '2010-02-28', '2010-03-31'],
      { unit: 'month', count: 1 },
      ['2010-01-31', '2010-03-31'],
    ],
    ['quarters', ['1959Q3', '1959Q4', '1960Q1'], { unit: 'quarter', count: 1 }, ['1959Q3', '1960Q1']],
    ['years', ['1871', '1872'], { unit: 'year', count: 1 }, ['1871', '1872']],
    ['years as decimals', ['1871.0', '1872.0'], { unit: 'year', count: 1 }, ['1871', '1872']],
    [
      'years with months',
      ['1949.91666666667', '1950.0', '1950.08333333333'],
      { unit: 'month', count: 1 },
      ['1949-12', '1950-02'],
    ],
    [
      'years with two digits of months',
      ['1949.92', '1950', '1950.08'],
      { unit: 'month', count: 1 },
      ['1949-12', '1950-02'],
    ],
    ['years with quarters', ['1959.75', '1960.0'], { unit: 'quarter', count: 1 }, ['1959Q4', '1960Q1']],
    ['years with decimal commas', ['1949,25', '1949,5'], { unit: 'quarter', count: 1 }, ['1949Q2', '1949Q3']],
    [
      'epoch seconds',
      ['1262304000', '1262304060'],
      { unit: 'minute', count: 1 },
      ['2010-01-01 00:00:00', '2010-01-01 00:01:00'],
    ],
    [
      'epoch milliseconds',
      ['1262304000000', '1262307600000'],
      { unit: 'hour', count: 1 },
      ['2010-01-01 00:00:00', '2010-01-01 01:00:00'],
    ],
    [
      'dates without separators',
      ['20101231', '20110101'],
      { unit: 'day', count: 1 },
      ['2010-12-31', '2011-01-01'],
    ],
    ['an index', ['0', '2', '4'], { unit: 'index', count: 2 }, ['0', '4']],
    ['a fractional index', ['0.1', '0.2', '0.3'], { unit: 'index', count: 0.1 }, ['0.1', '0.3']],
  ])('reads %s', async (_what, values, step, [first, last]) => {
    const { times, calendar } = parseTimes(await tableOf(values), 't');
    expect(inferStep([times], calendar)).toEqual(step);
    expect([formatTime(step, times[0]), formatTime(step, times[times.length - 1])]).toEqual([first, last]);
  });

  it.each([
    ['2010-02-30', '"2010-02-30"'],
    ['2010-01-01 25:00', '"2010-01-01 25:00"'],
    ['', 'nothing'],
  ])('refuses %j', async (value, got) => {
    const table = await tableOf(['2010-01-01', value, '2010-01-03']);
    expect(() => parseTimes(table, 't')).toThrow(
      new DataError(
        `s.csv: line 3, column "t": expected a time such as 2010-01-31, 2010-01-31 23:00:00, 31.12.2010, 2010-01, 2010M01, 2010Q1, a year, a year with a fraction (1949.0833), epoch seconds or milliseconds, or a whole number, got ${got}; correct the time`,
      ),
    );
  });
});

describe(parseTimePair, () => {
  it('reads a year with a quarter or a month', async () => {
    const table = await readTable(
      new TextEncoder().encode('year,quarter,month\n1959.0,1.0,1\n1959.0,2.0,4\n'),
      { source: 's.csv' },
    );
    const { times } = parseTimePair(table, ['year', 'quarter']);
    expect(inferStep([times], true)).toEqual({ unit: 'quarter', count: 1 });
    expect(parseTimePair(table, ['year', 'month']).times).toEqual(times);
    expect(() => parseTimePair(table, ['year', 'year'])).toThrow('expected a year and a quarter or a month');
  });

  it('refuses a part out of range', async () => {
    const table = await readTable(new TextEncoder().encode('year,quarter\n1959,1\n1959,5\n'), {
      source: 's.csv',
    });
    expect(() => parseTimePair(table, ['year', 'quarter'])).toThrow(
      's.csv: line 3, columns "year" and "quarter": expected a year and a quarter from 1 to 4, got "1959" and "5"; correct the time',
    );
  });
});
