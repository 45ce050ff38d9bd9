import { describe, expect, it } from 'vitest';
import { peerTable, servingRows } from './figures.ts';
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

describe(peerTable, () => {
  it('sets Onda beside each peer, by the medians', () => {
    expect(peerTable(measured)?.rows).toEqual([
      ['grpc-16', 'triton-python', '1.90', '1.00'],
      ['grpc-16', 'mlserver', '9.50', '2.00'],
    ]);
    expect(peerTable([])).toBeNull();
  });
});
