import { describe, expect, it } from 'vitest';
import type { Goal } from './goals.ts';
import { checkGoals, goalTable, missedGoals } from './goals.ts';
import type { Measurement } from './measurement.ts';

const measured = (workload: string, subject: string, ...values: number[]): Measurement => ({
  ...{ workload, metric: '', subject, unit: 'ms', values },
});
const goal = (rest: Partial<Goal>): Goal => ({
  ...{ work: /^a$/, system: 'onda', relation: 'at most', bound: 2 },
  ...rest,
});
const check = (rest: Partial<Goal>, ...measurements: Measurement[]): [string, string, boolean][] =>
  checkGoals([goal(rest)], measurements).map(({ bound, got, met }) => [bound, got, met]);

describe(checkGoals, () => {
  it('compares the median with the bound', () => {
    expect(check({}, measured('a', 'onda', 1, 2, 9))).toEqual([['at most 2 ms', '2 ms', true]]);
    expect(check({ relation: 'at least' }, measured('a', 'onda', 1))).toEqual([
      ['at least 2 ms', '1 ms', false],
    ]);
  });

  it('selects rows by work and system, and no details', () => {
    const other = [measured('b', 'onda', 1), measured('a', 'pytorch', 1)];
    expect(check({}, ...other, { ...measured('a', 'onda', 1), detail: true })).toEqual([]);
  });

  it('is missed by NaN', () => {
    expect(check({}, measured('a', 'onda', NaN))[0][2]).toBe(false);
    expect(check({ relation: 'at least' }, measured('a', 'onda', NaN))[0][2]).toBe(false);
  });

  it('compares with a peer round by round', () => {
    // Ratios 0.25, 0.5 and 4.
    const rows = [measured('a', 'onda', 1, 2, 8), measured('a', 'pytorch', 4, 4, 2)];
    expect(check({ peer: { system: 'pytorch' }, bound: 0.5 }, ...rows)).toEqual([
      ['at most 0.5 times pytorch', '0.50 times', true],
    ]);
  });

  it('compares with the best of the others', () => {
    const rows = [measured('a', 'onda', 3), measured('a', 'slow', 9), measured('a', 'fast', 2)];
    expect(check({ peer: {}, bound: 1 }, ...rows)).toEqual([['at most 1 times fast', '1.50 times', false]]);
    expect(check({ peer: {}, bound: 1, relation: 'at least' }, ...rows)).toEqual([
      ['at least 1 times slow', '0.33 times', false],
    ]);
  });

  it('does not apply without its peer', () => {
    expect(check({ peer: { system: 'pytorch' } }, measured('a', 'onda', 1))).toEqual([]);
  });

  it('compares with another row, plus a constant', () => {
    const rows = [measured('a', 'onda', 7), measured('first', 'onda', 4)];
    expect(check({ peer: { work: 'first', system: 'onda' }, bound: 1.5, plus: 1 }, ...rows)).toEqual([
      ['at most 7 ms (1.5 times first of onda and 1 ms)', '7 ms', true],
    ]);
  });

  it('scales a bound of another machine, and applies it as it is without the peer', () => {
    const peer = { work: 'anchor', system: 'pytorch', reference: 20 };
    const rows = [measured('a', 'onda', 2.5), measured('anchor', 'pytorch', 30)];
    expect(check({ peer }, ...rows)).toEqual([
      ['at most 3 ms (2 times anchor of pytorch / 20)', '2.50 ms', true],
    ]);
    expect(check({ peer }, rows[0])).toEqual([['at most 2 ms', '2.50 ms', false]]);
  });
});

describe(goalTable, () => {
  const results = checkGoals(
    [goal({ work: /./ })],
    [measured('good', 'onda', 1), measured('bad', 'onda', 3)],
  );

  it('lists missed goals first', () => {
    expect(goalTable(results)).toEqual({
      title: 'Goals: 1 of 2 met',
      head: ['row', 'system', 'goal', 'got', 'met'],
      rows: [
        ['bad', 'onda', 'at most 2 ms', '3 ms', 'no'],
        ['good', 'onda', 'at most 2 ms', '1 ms', 'yes'],
      ],
    });
    expect(goalTable([])).toBeNull();
  });

  it('has a sentence for each missed goal', () => {
    expect(missedGoals(results)).toEqual(['bad of onda: expected at most 2 ms, got 3 ms']);
  });
});
