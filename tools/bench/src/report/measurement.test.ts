import { describe, expect, it } from 'vitest';
import type { Measurement } from './measurement.ts';
import { median, roundRatios, rowFileText, rowsOf, spread } from './measurement.ts';

describe(median, () => {
  it('takes the middle value, whatever the order', () => {
    expect(median([9, 1, 5])).toBe(5);
  });

  it('takes the mean of the two in the middle of an even number', () => {
    expect(median([10, 1, 3, 2])).toBe(2.5);
  });

  it('leaves the values in their order', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });

  it('refuses no values', () => {
    expect(() => median([])).toThrow(new RangeError('median: expected at least one value, got none'));
  });
});

describe(spread, () => {
  it('has median, least, greatest and number', () => {
    expect(spread([4, 2, 9])).toEqual({ median: 4, min: 2, max: 9, runs: 3 });
  });
});

describe(roundRatios, () => {
  it('compares within each round', () => {
    expect(roundRatios([1, 20], [2, 10])).toEqual([0.5, 2]);
  });

  it('compares the rounds that both have', () => {
    expect(roundRatios([1], [2, 10])).toEqual([0.5]);
    expect(roundRatios([1, 20], [2])).toEqual([0.5]);
  });
});

const measurement: Measurement = {
  ...{ workload: 'rnn-32-1-20', metric: '', subject: 'onda-native', unit: 'ms', values: [0.1, 0.2, 0.4] },
};
const row = {
  work: 'rnn-32-1-20',
  system: 'onda-native',
  unit: 'ms',
  median: 0.2,
  min: 0.1,
  max: 0.4,
  runs: 3,
};

describe(rowsOf, () => {
  it('has a row for each metric of each subject', () => {
    const p99 = { ...measurement, metric: '-p99' };
    expect(rowsOf([measurement, p99])).toEqual([row, { ...row, work: 'rnn-32-1-20-p99' }]);
  });

  it('leaves out details and figures without values', () => {
    const rows = rowsOf([
      { ...measurement, detail: true },
      { ...measurement, values: [] },
      { ...measurement, values: [NaN] },
    ]);
    expect(rows).toEqual([]);
  });

  it('refuses the same work and system twice', () => {
    expect(() => rowsOf([measurement, measurement])).toThrow(
      new Error('expected one row for rnn-32-1-20 of onda-native, got two'),
    );
  });
});

describe(rowFileText, () => {
  const machine = { cpu: 'test', cores: 2, memoryGiB: 4, os: 'Linux 6', node: '20.20.2', date: '2026-11-24' };
  const read = (text: string): { rows: (typeof row)[] } => JSON.parse(text) as { rows: (typeof row)[] };

  it('has the keys of the contract and no others', () => {
    const file = read(rowFileText({ bench: 'training', machine, rows: [row] }));
    expect(Object.keys(file)).toEqual(['bench', 'machine', 'rows']);
    expect(Object.keys(file.rows[0])).toEqual(['work', 'system', 'unit', 'median', 'min', 'max', 'runs']);
    expect(file).toEqual({ bench: 'training', machine, rows: [row] });
  });

  it('keeps six digits', () => {
    const text = rowFileText({ bench: 'training', machine, rows: [{ ...row, max: 0.123456789 }] });
    expect(read(text).rows[0].max).toBe(0.123457);
  });
});
