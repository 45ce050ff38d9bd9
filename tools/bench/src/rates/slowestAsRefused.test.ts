import { expect, it } from 'vitest';
import { slowestAsRefused } from './slowestAsRefused.ts';
import { bySchedule, stretchOf } from './timedAnswers.ts';

it('takes the slowest of all loads for those that were refused, and leaves what it was given', () => {
  const loads = [
    bySchedule([0, 1, 2], [5, 105, 6], [200, 200, 200], null),
    bySchedule([0, 1], [104, 7], [200, 200], null),
  ];
  const marked = slowestAsRefused(loads, 2);
  expect(marked.map(({ status }) => [...status])).toEqual([
    [200, 503, 200],
    [503, 200],
  ]);
  expect(stretchOf(marked, 0, 10)).toMatchObject({ answered: 3, refused: 2, p99: 7 });
  expect(stretchOf(loads, 0, 10).refused).toBe(0);
  expect(stretchOf(slowestAsRefused(loads, -1), 0, 10).refused).toBe(0);
});
