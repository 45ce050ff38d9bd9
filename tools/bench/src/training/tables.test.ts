import { describe, expect, it } from 'vitest';
import { timeRows, timeTable } from './tables.ts';
import type { TimedWork } from './tables.ts';

const timed: TimedWork = {
  name: 'rnn-32-1-20',
  unit: 'ms',
  times: new Map([
    ['onda-native', [1, 2, 8]],
    ['pytorch', [4, 4, 2]],
  ]),
  // 1 ms is 2 * 10^9 operations a second.
  flops: { step: 2e6, peaks: [4, 4, 1] },
};

describe(timeRows, () => {
  it('has a row for each system', () => {
    expect(timeRows(timed)).toEqual([
      { work: 'rnn-32-1-20', system: 'onda-native', unit: 'ms', median: 2, min: 1, max: 8, runs: 3 },
      { work: 'rnn-32-1-20', system: 'pytorch', unit: 'ms', median: 4, min: 2, max: 4, runs: 3 },
    ]);
  });
});

describe(timeTable, () => {
  it('compares with PyTorch and with the peak round by round', () => {
    // Ratios 1/4, 2/4 and 8/2; shares 2/4, 1/4 and 0.25/1.
    expect(timeTable('Times', [timed]).rows).toEqual([
      ['rnn-32-1-20', 'onda-native', '2.00 ms', '1.00 – 8.00', '3', '0.500', '25.0 %'],
      ['rnn-32-1-20', 'pytorch', '4.00 ms', '2.00 – 4.00', '3', '1.00', '12.5 %'],
    ]);
  });

  it('leaves empty what is not known', () => {
    const alone = { ...timed, flops: null, times: new Map([['onda-native', [1]]]) };
    expect(timeTable('Times', [alone]).rows).toEqual([
      ['rnn-32-1-20', 'onda-native', '1.00 ms', '1.00 – 1.00', '1', '', ''],
    ]);
  });
});
