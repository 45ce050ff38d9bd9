import { readFileSync } from 'node:fs';
import { DataError } from '@onda/contract';
import { describe, expect, it } from 'vitest';
import { readSeries } from './readSeries.ts';
import type { SeriesDataConfig, SeriesSet } from './seriesSet.ts';
import { readTable } from './table.ts';
import { formatTime } from './timeStep.ts';

async function read(text: string, config: Partial<SeriesDataConfig> = {}): Promise<SeriesSet> {
  const table = await readTable(new TextEncoder().encode(text), { source: 's.csv' });
  return readSeries(table, { columns: ['v'], ...config });
}

async function fixture(name: string, config: Partial<SeriesDataConfig> = {}): Promise<SeriesSet> {
  const table = await readTable(readFileSync(new URL(`../fixtures/${name}`, import.meta.url)), {
    source: name,
  });
  return readSeries(table, { columns: ['nottem'], ...config });
}

const times = ({ series: [one], step }: SeriesSet) =>
  Array.from(one.times ?? [], (time) => formatTime(step ?? { unit: 'index', count: 1 }, time));

describe(readSeries, () => {
  it.each(['nottem-bom.csv', 'nottem-eu.csv', 'nottem-quoted.csv', 'nottem-tab.csv', 'nottem-u16.csv'])(
    'reads the same series from %s',
    async (name) => {
      const set = await fixture(name);
      const [{ id, length, values }] = set.series;
      expect([id, length, values[0], values[239], set.period]).toEqual(['nottem', 240, 40.6, 37.8, 12]);
      expect(set.step).toEqual({ unit: 'month', count: 1 });
      expect(set.notes.at(-2)).toBe('time "time": one sample per month, 1920-01 to 1939-12');
      expect(values.reduce((sum, value) => sum + value)).toBeCloseTo(11_769.5, 6);
    },
  );

  it('reads a file without names by column numbers, its times detected', async () => {
    const set = await fixture('nottem-nohdr.csv', { columns: ['column2'] });
    expect([set.step, set.period]).toEqual([{ unit: 'month', count: 1 }, 12]);
  });

  it('keeps float64', async () => {
    const { series } = await read('v\n100000001\n100000002\n0.1\n');
    expect([...series[0].values]).toEqual([100000001, 100000002, 0.1]);
  });

  it('interleaves several columns in the given order', async () => {
    const set = await read('a,b\n1,10\n2,20\n', { columns: ['b', 'a'] });
    expect([set.targets, [...set.series[0].values]]).toEqual([
      ['b', 'a'],
      [10, 1, 20, 2],
    ]);
  });

  describe('values', () => {
    it.each([
      [
        'nothing',
        'b,v\n1,1\n1,\n',
        'line 3, column "v": expected a number, got nothing; fill in the value, or set data.missing: interpolate, forward-fill or drop',
      ],
      [
        'an empty line',
        'v\n1\n\n2\n',
        'line 3, column "v": expected a number, got nothing; fill in the value, or set data.missing: interpolate, forward-fill or drop',
      ],
      [
        'a mark of missing values',
        'b,v\n1,1\n1,NaN\n',
        'line 3, column "v": expected a number, got nothing; fill in the value, or set data.missing: interpolate, forward-fill or drop',
      ],
      [
        'text',
        'v\n1\n2\nmany\n',
        'line 4, column "v": expected a number such as 1.5 or 2e-3, got "many"; correct the value',
      ],
      [
        'a decimal comma',
        'v\n"1,5"\n',
        'line 2, column "v": expected a number such as 1.5 or 2e-3, got "1,5"; for decimal commas set data.decimal: ",", or remove thousands separators',
      ],
      [
        'thousands separators',
        'd;v\n1;1,5\n2;1.234,5\n',
        'line 3, column "v": expected a number such as 1,5 or 2e-3, got "1.234,5"; remove thousands separators',
      ],
      [
        'infinity',
        'v\nInfinity\n',
        'line 2, column "v": expected a number such as 1.5 or 2e-3, got "Infinity"; correct the value',
      ],
      [
        'what float32 cannot hold',
        'v\n3.5e38\n',
        'line 2, column "v": expected a number within float32 (+-3.4e38), got "3.5e38"; use a larger unit',
      ],
    ])('refuses %s', async (_what, text, message) => {
      await expect(read(text)).rejects.toThrow(new DataError(`s.csv: ${message}`));
    });

    it('takes the largest float32, and a decimal comma as given', async () => {
      expect((await read('v\n3.4028234663852886e38\n')).series[0].values[0]).toBe(3.4028234663852886e38);
      const table = await readTable(new TextEncoder().encode('v\n"1,5"\n'), {
        source: 's.csv',
        decimal: ',',
      });
      expect([...readSeries(table, { columns: ['v'] }).series[0].values]).toEqual([1.5]);
    });
  });

  describe('times', () => {
    it('detects the column of the times by its name or its values', async () => {
      expect((await read('n,Date,v\n1,2010-01-31,1\n2,2010-02-28,2\n')).step).toEqual({
        unit: 'month',
        count: 1,
      });
      expect((await read('x,v\n2010-01-01 00:00,1\n2010-01-01 00:15,2\n')).step).toEqual({
        unit: 'minute',
        count: 15,
      });
      expect((await read('year,quarter,v\n2010,4,1\n2011,1,2\n')).step).toEqual({
        unit: 'quarter',
        count: 1,
      });
      expect((await read('x,v\n3,1\n1,2\n')).step).toBeNull();
    });

    it('reads rows as they follow each other with time: false', async () => {
      const set = await read('date,v\n2010-01-05,1\n2010-01-01,2\n', { time: false });
      expect([set.step, set.series[0].times, [...set.series[0].values]]).toEqual([null, null, [1, 2]]);
    });

    it('warns where a column named like times cannot be read, and refuses it when it is configured', async () => {
      const text = 'date,v\n01/02/2010,1\n02/02/2010,2\n';
      expect((await read(text)).notes[0]).toMatch(
        /^warning: the rows are read as they follow each other: s\.csv: line 2, column "date"/,
      );
      await expect(read(text, { time: 'date' })).rejects.toThrow(
        'got "01/02/2010", whose order of day and month is unknown because no number is above 12; correct the time',
      );
      expect(times(await read('date,v\n11/02/2010,1\n12/02/2010,2\n13/02/2010,2\n'))).toEqual([
        '2010-02-11',
        '2010-02-12',
        '2010-02-13',
      ]);
    });

    it('refuses times out of order, and sorts them by policy', async () => {
      const text = 'date,v\n2010-01-02,2\n2010-01-01,1\n2010-01-03,3\n';
      await expect(read(text)).rejects.toThrow(
        new DataError(
          's.csv: line 3, column "date": expected a time after "2010-01-02", got "2010-01-01"; sort the file by time, or set data.order: sort',
        ),
      );
      const set = await read(text, { order: 'sort' });
      expect([[...set.series[0].values], set.notes[0]]).toEqual([[1, 2, 3], 'rows sorted by time']);
    });

    it('says that all rows are in descending order', async () => {
      await expect(fixture('reversed-time.csv')).rejects.toThrow(
        new DataError(
          'reversed-time.csv: line 3, column "time": expected a time after "1939.91666666667", got "1939.83333333333": the rows are in descending order; set data.order: sort',
        ),
      );
      expect((await fixture('reversed-time.csv', { order: 'sort' })).series[0].values[0]).toBe(40.6);
    });

    it('refuses duplicates, and repairs them by policy', async () => {
      const text = 'date,v\n2010-01-01,1\n2010-01-02,2\n2010-01-02,4\n2010-01-03,3\n';
      await expect(read(text)).rejects.toThrow(
        new DataError(
          's.csv: line 4, column "date": expected a time after that of line 3, got "2010-01-02" again; remove one of the rows, or set data.duplicates: first or mean',
        ),
      );
      expect([...(await read(text, { duplicates: 'first' })).series[0].values]).toEqual([1, 2, 3]);
      const set = await read(text, { duplicates: 'mean' });
      expect([[...set.series[0].values], set.notes[0]]).toEqual([
        [1, 3, 3],
        '1 row with the time of an earlier row: averaged',
      ]);
      await expect(fixture('duplicate-times.csv', { columns: ['temp'] })).rejects.toThrow(
        'duplicate-times.csv: line 103, column "date": expected a time after that of line 102, got "2010-01-05 04:00:00" again',
      );
    });

    it('refuses gaps, and repairs them by policy', async () => {
      const text = 'date,v\n2010-01-01,1\n2010-01-02,2\n2010-01-05,5\n2010-01-06,6\n';
      await expect(read(text)).rejects.toThrow(
        new DataError(
          's.csv: line 4, column "date": expected 2010-01-03, one day after the time before, got "2010-01-05": 2 times are missing; add the rows, or set data.missing: interpolate, forward-fill or drop',
        ),
      );
      const filled = await read(text, { missing: 'interpolate' });
      expect([[...filled.series[0].values], filled.notes[0]]).toEqual([
        [1, 2, 3, 4, 5, 6],
        '2 missing values: interpolated',
      ]);
      expect(times(filled)).toEqual([1, 2, 3, 4, 5, 6].map((day) => `2010-01-0${day}`));
      expect([...(await read(text, { missing: 'forward-fill' })).series[0].values]).toEqual([
        1, 2, 2, 2, 5, 6,
      ]);
      const dropped = await read(text, { missing: 'drop' });
      expect([[...dropped.series[0].values], times(dropped)[2]]).toEqual([[1, 2, 5, 6], '2010-01-05']);
    });

    it('refuses a time between two steps', async () => {
      await expect(
        read('date,v\n2010-01-01 00:00,1\n2010-01-01 01:00,2\n2010-01-01 01:17,3\n2010-01-01 02:17,3\n'),
      ).rejects.toThrow(
        's.csv: line 4, column "date": expected 2010-01-01 02:00:00, one hour after the time before, got "2010-01-01 01:17"; the times must be hour apart',
      );
    });

    it('interpolates the hour that daylight saving time skips', async () => {
      const set = await fixture('clock-change.csv', { columns: ['temp'] });
      expect(set.series[0].length).toBe(27);
      expect(set.notes[0]).toBe('1 gap of one hour at the start of daylight saving time: interpolated');
    });

    it('fills missing values by policy', async () => {
      await expect(fixture('missing.csv')).rejects.toThrow(
        new DataError(
          'missing.csv: line 22, column "nottem": expected a number, got nothing; fill in the value, or set data.missing: interpolate, forward-fill or drop',
        ),
      );
      const { series, notes } = await fixture('missing.csv', { missing: 'interpolate' });
      expect([series[0].length, notes[0]]).toEqual([240, '3 missing values: interpolated']);
      // 59.9 before and 39.7 after the two missing values.
      expect(series[0].values[20]).toBeCloseTo(59.9 - 20.2 / 3, 10);
      expect((await fixture('missing.csv', { missing: 'drop' })).series[0].length).toBe(237);
    });

    it('leaves out samples without values at the ends when values are repaired', async () => {
      const set = await read('t,v\n1,\n2,5\n3,\n4,7\n5,\n', { time: 't', missing: 'interpolate' });
      expect([...set.series[0].values]).toEqual([5, 6, 7]);
      expect([...(set.series[0].times ?? [])]).toEqual([2, 3, 4]);
    });
  });

  it('rejects a column without values, also beside one with values', async () => {
    await expect(read('v,w\n1,\n2,\n', { columns: ['v', 'w'], missing: 'interpolate' })).rejects.toThrow(
      new DataError('s.csv: column "w": expected values, got none; fill them in, or name another column'),
    );
  });

  describe('several series', () => {
    const long = 'firm,year,v\nA,2001,1\nA,2002,2\nA,2003,3\nB,2002,20\nB,2003,30\n';

    it('reads the groups of a long table', async () => {
      const set = await read(long, { group: 'firm' });
      expect(set.series.map(({ id, values }) => [id, ...values])).toEqual([
        ['A', 1, 2, 3],
        ['B', 20, 30],
      ]);
      expect(set.notes).toContain('2 series of 2 to 3 samples');
    });

    it('suggests the group that makes the times unique', async () => {
      await expect(read(long)).rejects.toThrow(
        new DataError(
          's.csv: line 5, column "year": expected a time after "2003", got "2002"; the file has several series: set data.group: firm',
        ),
      );
      await expect(read('firm,year,v\nA,2001,1\nB,2001,2\nA,2002,3\nB,2002,3\n')).rejects.toThrow(
        'the file has several series: set data.group: firm',
      );
    });

    it('names the series in errors', async () => {
      await expect(
        read('firm,year,v\nA,2001,1\nB,2001,2\nA,2002,3\nB,2002,\n', { group: 'firm' }),
      ).rejects.toThrow('s.csv: series "B": line 5, column "v": expected a number, got nothing');
    });

    it('reads the columns of a wide table as series of their own lengths', async () => {
      const set = await read('month,A,B\n2010-01,1,\n2010-02,2,5\n2010-03,3,6\n2010-04,,7\n', {
        columns: ['A', 'B'],
        layout: 'wide',
      });
      expect(set.series.map(({ id, values }) => [id, ...values])).toEqual([
        ['A', 1, 2, 3],
        ['B', 5, 6, 7],
      ]);
      expect(set.series.map((one) => formatTime(set.step!, one.times![0]))).toEqual(['2010-01', '2010-02']);
      expect(set.targets).toEqual(['value']);
    });
  });

  it('reads many columns in time linear in their number, and lists only some repairs', async () => {
    const names = Array.from({ length: 20_000 }, (_, place) => `s${place}`);
    const row = (value: string) => names.map(() => value).join(',');
    const text = `t,${names.join(',')}\n1,${row('1')}\n2,${row('')}\n3,${row('3')}\n`;
    const set = await read(text, { columns: names, layout: 'wide', missing: 'interpolate' });
    expect([set.series.length, set.series[19_999].values[1]]).toEqual([20_000, 2]);
    expect(set.notes.length).toBeLessThan(20);
    expect(set.notes).toContain('19990 more repairs of other series');
  });

  it('reads covariates that are known ahead, and the calendar', async () => {
    const text = 'date,promo,v\n2010-01-01,0,1\n2010-01-02,1,2\n2010-01-03,0,3\n2010-01-04,1,\n';
    const { series, covariates } = await read(text, { covariates: ['promo'], calendar: true });
    expect(covariates).toEqual([
      'promo',
      'sin day of week',
      'cos day of week',
      'sin time of year',
      'cos time of year',
    ]);
    const [one] = series;
    expect([one.length, one.times?.length, one.covariates.length]).toEqual([3, 4, 20]);
    expect([0, 5, 10, 15].map((place) => one.covariates[place])).toEqual([0, 1, 0, 1]);
    await expect(
      read('date,promo,v\n2010-01-01,,1\n2010-01-02,1,2\n', { covariates: ['promo'] }),
    ).rejects.toThrow('s.csv: line 2, column "promo": expected a number, got nothing');
  });

  it('takes the period as given, else from the step, else from the autocorrelation', async () => {
    const wave = Array.from({ length: 120 }, (_, i) =>
      (i * 0.1 + Math.sin((2 * Math.PI * i) / 9)).toFixed(6),
    );
    expect((await read(`v\n${wave.join('\n')}`)).period).toBe(9);
    expect((await read(`v\n${wave.join('\n')}`, { period: 4 })).period).toBe(4);
    expect((await read('date,v\n2010-01-01 00:00,1\n2010-01-01 01:00,2\n')).period).toBe(24);
    expect((await read('v\n1\n2\n4\n3\n')).period).toBe(1);
  });
});
