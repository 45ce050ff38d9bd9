import { describe, expect, it } from 'vitest';
import { missedText } from '../report/goals.ts';
import { exportGoals } from './exportGoals.ts';
import type { Peak } from './exportGoals.ts';
import { exportPicture } from './exportPicture.ts';
import { exportRows, exportTable, refusedTable } from './exportTables.ts';
import { exportWorks } from './exportWorks.ts';
import type { MeasuredExport, Outcome } from './measureExport.ts';

type Made = Exclude<Outcome, { refused: string }>;

const good: Made = {
  contents: { nodes: 5, loops: 0, bytes: 6000 },
  command: [0.7, 0.8, 0.9],
  inside: [0.001, 0.002, 0.003],
  first: 0.01,
  difference: 1e-7,
  inference: [0.04, 0.04, 0.04],
};
const theirs: Made = { ...good, contents: { nodes: 40, loops: 1, bytes: 9000 }, inference: [0.5, 0.5, 0.5] };

const measured = (ours: Outcome, keras: Outcome = theirs): MeasuredExport => ({
  work: exportWorks[0],
  weights: 1121,
  outcomes: new Map([
    ['onda', ours],
    ['python-graph', { refused: 'ValueError: no' }],
    ['python-keras', keras],
  ]),
});

const small = { bytes: 100, weights: 100 };

const missedGoals = (all: MeasuredExport[], peak: Peak | null): string[] =>
  exportGoals(all, peak)
    .filter(({ met }) => !met)
    .map(missedText);

describe(exportGoals, () => {
  it('finds nothing missing where all holds', () => {
    expect(missedGoals([measured(good)], small)).toEqual([]);
  });

  it.each([
    [{ ...good, inside: [0.06] }, 'rnn-32: expected at most 0.05 s inside a process, got 0.060 s'],
    [{ ...good, command: [1.2] }, 'rnn-32: expected at most 1 s as a command, got 1.20 s'],
    [{ ...good, contents: { ...good.contents, loops: 2 } }, 'rnn-32: expected no Loop, got 2'],
    [
      { ...good, contents: { ...good.contents, nodes: 41 } },
      'rnn-32: expected at most the 40 nodes of python-keras, got 41',
    ],
    [{ ...good, difference: NaN }, 'rnn-32: expected a difference of at most 0.00001, got NaN'],
    [
      { ...good, inference: [1, 1, 1] },
      'rnn-32: expected inference no slower than the file of python-keras, got 2.00 times its time',
    ],
    [{ refused: 'no such layer' }, 'rnn-32: expected an ONNX file, got "no such layer"'],
  ])('says which goal is missed, %#', (ours, sentence) => {
    expect(missedGoals([measured(ours)], small)).toEqual([sentence]);
  });

  it('counts the memory', () => {
    expect(missedGoals([], { bytes: 250, weights: 100 })).toEqual([
      'memory: expected at most 2.05 times the weights, got 2.50',
    ]);
  });
});

describe('what is shown', () => {
  it('has a line for each system, also for one that refused', () => {
    const { rows } = exportTable([measured(good)]);
    expect(rows.map((row) => row.slice(0, 4))).toEqual([
      ['rnn-32', 'onda', '5', '0'],
      ['rnn-32', 'python-graph', 'none', ''],
      ['rnn-32', 'python-keras', '40', '1'],
    ]);
    expect(refusedTable([measured(good)])?.rows).toEqual([['rnn-32', 'python-graph', 'ValueError: no']]);
  });

  it('has one row for each figure and system', () => {
    const rows = exportRows([measured(good)], small);
    expect(new Set(rows.map(({ work, system }) => `${work} ${system}`)).size).toBe(rows.length);
    expect(rows.find(({ work, system }) => work === 'rnn-32 command' && system === 'onda')).toEqual({
      work: 'rnn-32 command',
      system: 'onda',
      unit: 's',
      median: 0.8,
      min: 0.7,
      max: 0.9,
      runs: 3,
    });
  });

  it('draws a dot for each system that converted', () => {
    const picture = exportPicture([measured(good)]);
    expect(picture?.svg.match(/<circle/g)).toHaveLength(2);
  });
});
