import { describe, expect, it } from 'vitest';
import { checkGoals, missedGoals } from '../report/goals.ts';
import { overloadBench, withRefusals } from './overloadBench.ts';
import { bySchedule, intervalOf } from './timedAnswers.ts';

const good = {
  'accepted-p99': 240,
  'other-ends': 0,
  'without-retry-after': 0,
  'recovery-unanswered': 0,
};
const missed = (change: Partial<typeof good>): string[] =>
  missedGoals(
    checkGoals(
      overloadBench.goals,
      Object.entries({ ...good, ...change }).map(([metric, value]) => ({
        ...{ workload: 'overload-grpc', metric: `-${metric}`, subject: 'onda', unit: 'u', values: [value] },
      })),
    ),
  );

describe('goals of overloadBench', () => {
  it('are met by a service that refuses in time and recovers', () => {
    expect(missed({})).toEqual([]);
  });

  it.each([
    [{ 'accepted-p99': 251 }, 'overload-grpc-accepted-p99 of onda: expected at most 250 u, got 251 u'],
    [{ 'accepted-p99': NaN }, 'overload-grpc-accepted-p99 of onda: expected at most 250 u, got NaN u'],
    [{ 'other-ends': 1 }, 'overload-grpc-other-ends of onda: expected at most 0 u, got 1 u'],
    [
      { 'without-retry-after': 2 },
      'overload-grpc-without-retry-after of onda: expected at most 0 u, got 2 u',
    ],
    [
      { 'recovery-unanswered': 3 },
      'overload-grpc-recovery-unanswered of onda: expected at most 0 u, got 3 u',
    ],
  ])('report what is missed, %#', (change, sentence) => {
    expect(missed(change)).toEqual([sentence]);
  });
});

describe(withRefusals, () => {
  const load = bySchedule([0, 1, 2, 3], [5, 105, 6, 7], [200, 200, 200, 500], null);

  it('marks the fastest answers, so that the p99 of the others is an upper bound', () => {
    const marked = withRefusals(load, 2);
    expect([...marked.status]).toEqual([503, 200, 503, 500]);
    expect(intervalOf([marked])).toMatchObject({ answered: 1, refused: 2, failed: 1, p99: 105 });
  });

  it('leaves the given answers as they are, and marks none for a negative number', () => {
    withRefusals(load, 1);
    expect(intervalOf([load]).refused).toBe(0);
    expect(intervalOf([withRefusals(load, -1)]).refused).toBe(0);
  });
});
