import { ConfigError } from '@onda/contract';
import { describe, expect, it } from 'vitest';
import { constantSchedule, cosineSchedule, stepSchedule } from './schedules.ts';

describe(constantSchedule, () => {
  it('stays', () => {
    expect([0, 5, 1000].map(constantSchedule(0.1))).toEqual([0.1, 0.1, 0.1]);
  });
});

describe(cosineSchedule, () => {
  it('decays along half a cosine wave and stays at the end', () => {
    const schedule = cosineSchedule(1, 4, 0.2);
    expect(schedule(0)).toBe(1);
    expect(schedule(2)).toBeCloseTo(0.6, 12);
    expect(schedule(1)).toBeCloseTo(0.2 + (0.8 * (1 + Math.SQRT1_2)) / 2, 12);
    expect(schedule(4)).toBe(0.2);
    expect(schedule(9)).toBe(0.2);
  });

  it('rejects a schedule of zero steps', () => {
    expect(() => cosineSchedule(1, 0)).toThrow(
      new ConfigError(
        'cosine schedule: steps: expected a whole number of at least 1, got 0; correct the schedule',
      ),
    );
  });
});

describe(stepSchedule, () => {
  it('is multiplied every `every` steps', () => {
    expect([0, 9, 10, 19, 20].map(stepSchedule(8, 10, 0.5))).toEqual([8, 8, 4, 4, 2]);
  });

  it('rejects a fractional number of steps', () => {
    expect(() => stepSchedule(1, 2.5, 0.1)).toThrow(
      new ConfigError(
        'step schedule: every: expected a whole number of at least 1, got 2.5; correct the schedule',
      ),
    );
  });
});
