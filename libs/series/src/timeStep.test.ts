import { describe, expect, it } from 'vitest';
import type { TimeStep } from './timeStep.ts';
import { calendarFeatures, formatTime, seasonOf, stepsBetween, timeAfter } from './timeStep.ts';

describe(timeAfter, () => {
  it.each<[TimeStep, string, number, string]>([
    [{ unit: 'month', count: 1 }, '2010-12-01', 2, '2011-02'],
    [{ unit: 'month', count: 1 }, '2011-01-31', 1, '2011-02-28'],
    [{ unit: 'month', count: 1 }, '2011-02-28', 1, '2011-03-31'],
    [{ unit: 'quarter', count: 1 }, '2010-10-01', 1, '2011Q1'],
    [{ unit: 'year', count: 5 }, '2010-01-01', -1, '2005'],
    [{ unit: 'day', count: 1 }, '2012-02-28', 2, '2012-03-01'],
    [{ unit: 'hour', count: 6 }, '2010-01-01', 3, '2010-01-01 18:00:00'],
  ])('adds steps of %j to %s', (step, from, steps, to) => {
    const time = Date.parse(from);
    const after = timeAfter(step, time, steps);
    expect(formatTime(step, after)).toBe(to);
    expect(stepsBetween(step, time, after)).toBe(steps);
  });

  it('counts no steps between times off the grid', () => {
    expect(
      stepsBetween({ unit: 'month', count: 1 }, Date.parse('2010-01-01'), Date.parse('2010-02-02')),
    ).toBeNaN();
    expect(stepsBetween({ unit: 'hour', count: 1 }, 0, 5_400_000)).toBeNaN();
  });
});

describe(seasonOf, () => {
  it.each<[TimeStep, number | null]>([
    [{ unit: 'hour', count: 1 }, 24],
    [{ unit: 'day', count: 1 }, 7],
    [{ unit: 'week', count: 1 }, 52],
    [{ unit: 'month', count: 1 }, 12],
    [{ unit: 'quarter', count: 1 }, 4],
    [{ unit: 'year', count: 1 }, 1],
    [{ unit: 'minute', count: 1 }, 60],
    [{ unit: 'minute', count: 15 }, 96],
    [{ unit: 'hour', count: 6 }, 4],
    [{ unit: 'index', count: 1 }, null],
  ])('of %j is %s', (step, season) => {
    expect(seasonOf(step)).toBe(season);
  });
});

describe(calendarFeatures, () => {
  it('has the cycles longer than the step', () => {
    const names = (unit: TimeStep['unit']) =>
      calendarFeatures({ unit, count: 1 }, new Float64Array()).names.length / 2;
    expect((['minute', 'hour', 'day', 'month', 'year'] as const).map(names)).toEqual([4, 3, 2, 1, 0]);
  });

  it('starts the week on Monday and the year on January 1', () => {
    const { values } = calendarFeatures({ unit: 'day', count: 1 }, Float64Array.of(Date.parse('2018-01-01')));
    expect([...values]).toEqual([0, 1, 0, 1]);
  });
});
