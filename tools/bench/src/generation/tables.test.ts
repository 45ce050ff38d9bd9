import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import type { MeasuredWork } from './measureWork.ts';
import { generationPicture } from './picture.ts';
import { timeRows, timeTable } from './tables.ts';
import { parseWork } from './work.ts';

const measured: MeasuredWork = {
  work: parseWork('generation-rnn-32-1'),
  times: new Map([
    ['onda-generator', { threads: 1, times: [0.2, 0.25, 0.3] }],
    ['pytorch', { threads: 0, times: [20, 25, 36] }],
  ]),
  comparisons: [],
};

describe(timeRows, () => {
  it('has a row for each system, in microseconds', () => {
    expect(timeRows(measured)[1]).toEqual({
      work: 'generation-rnn-32-1',
      system: 'pytorch',
      unit: 'us',
      median: 25,
      min: 20,
      max: 36,
      runs: 3,
    });
  });
});

describe(timeTable, () => {
  it('compares with ours round by round and names the threads', () => {
    expect(timeTable([measured]).rows).toEqual([
      ['generation-rnn-32-1', 'onda-generator', '0.250 us', '0.200 – 0.300', '3', '1', '1.00'],
      ['generation-rnn-32-1', 'pytorch', '25.0 us', '20.0 – 36.0', '3', 'own', '100'],
    ]);
  });
});

describe(generationPicture, () => {
  it('draws a dot for each work and system and one for each name', () => {
    const { document } = parseHTML(generationPicture([measured])?.svg ?? '');
    expect(document.querySelectorAll('circle')).toHaveLength(4);
  });

  it('is none without figures', () => {
    expect(generationPicture([])).toBeNull();
  });
});
