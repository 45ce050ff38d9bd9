import { describe, expect, it } from 'vitest';
import { goalTable, missedGoals, servingRows } from './figures.ts';
import type { Measured } from './figures.ts';
import { parseLoad } from './load.ts';
import type { LoadResult } from './loadResult.ts';

const result = (rate: number, p99: number): LoadResult => ({ rate, p50: 1, p99, failures: 0 });

const measured: Measured[] = [
  {
    load: parseLoad('grpc-16'),
    results: new Map([
      ['onda', [result(900, 2), result(1000, 2)]],
      ['triton-python', [result(500, 2)]],
      ['mlserver', [result(100, 1)]],
    ]),
  },
];

describe(servingRows, () => {
  it('gives a row for each figure of each system, and one for its start', () => {
    const rows = servingRows(measured, new Map([['onda', 0.5]]));
    expect(rows).toHaveLength(10);
    expect(rows[0]).toEqual({
      work: 'grpc-16',
      system: 'onda',
      unit: 'requests/s',
      median: 950,
      min: 900,
      max: 1000,
      runs: 2,
    });
    expect(rows.at(-1)).toMatchObject({ work: 'start', unit: 's', median: 0.5 });
  });
});

describe(goalTable, () => {
  it('reaches a goal only where the rate is enough and the p99 is not worse', () => {
    expect(goalTable(measured, new Map([['onda', 0.5]])).rows).toEqual([
      ['grpc-16', 'triton-python', '2', '1.90', '1.00', 'no'],
      ['grpc-16', 'mlserver', '7', '9.50', '2.00', 'no'],
      ['start to ready', '', '1 s', '0.50 s', '', 'yes'],
    ]);
  });
});

describe(goalTable, () => {
  it('holds the steps of live sequences against a goal of their own', () => {
    const load = { name: 'sequences-1000', form: 'sequences', connections: 1000 } as const;
    const of = (rate: number): Measured[] => [
      { load, results: new Map([['onda', [{ rate, p50: 1, p99: 2, failures: 0 }]]]) },
    ];
    const found = goalTable(of(250_000), new Map());
    expect(found.rows).toEqual([['sequences-1000', '', '200000/s', '250000/s', '', 'yes']]);
    expect(missedGoals(goalTable(of(150_000), new Map()))).toEqual([
      'sequences-1000: expected at least 200000/s, got 150000/s',
    ]);
    expect(servingRows(of(5), new Map())[0]).toMatchObject({ work: 'sequences-1000', unit: 'steps/s' });
  });
});

describe(missedGoals, () => {
  it('says what was wanted and what came', () => {
    expect(missedGoals(goalTable(measured, new Map([['onda', 1.5]])))).toEqual([
      'grpc-16: expected 2 times the rate of triton-python and a p99 that is not worse, got 1.90 times and 1.00 times its p99',
      'grpc-16: expected 7 times the rate of mlserver and a p99 that is not worse, got 9.50 times and 2.00 times its p99',
      'start to ready: expected under 1 s, got 1.50 s',
    ]);
  });
});
