import { describe, expect, it } from 'vitest';
import type { TritonConfig } from './config/tritonConfig.ts';
import { scheduled, scheduleRules, usualRules } from './scheduleRules.ts';

const rulesOf = (dynamic: object): ReturnType<typeof scheduleRules> =>
  scheduleRules({ dynamic_batching: dynamic } as TritonConfig, 'config.pbtxt');

describe(scheduleRules, () => {
  it('takes priorities and times of dynamic_batching, and the usual ones without', () => {
    expect(rulesOf({})).toEqual(usualRules);
    expect(
      rulesOf({
        priority_levels: 3,
        default_priority_level: 2,
        default_queue_policy: { default_timeout_microseconds: 1500 },
      }),
    ).toEqual({ usual: 2, levels: 3, timeoutMs: 1.5 });
  });

  it.each([
    [10, 1],
    [3, 0],
    [3, 4],
  ])('refuses %d levels of which %d is the usual one', (priority_levels, default_priority_level) => {
    expect(() => rulesOf({ priority_levels, default_priority_level })).toThrow(
      `config.pbtxt: dynamic_batching: expected priority_levels up to 9 and a default_priority_level among them, got ${priority_levels} and ${default_priority_level}; correct them`,
    );
  });
});

describe(scheduled, () => {
  const rules = { usual: 2, levels: 3, timeoutMs: 5 };

  it('takes the usual priority where there is none, or one beyond the levels', () => {
    const priorities = [undefined, 1, 3, 4].map(
      (priority) => scheduled(rules, { priority, timeoutMs: undefined }).priority,
    );
    expect(priorities).toEqual([2, 1, 3, 2]);
  });

  it('takes the shorter of both times', () => {
    const times = [undefined, 1, 9].map(
      (timeoutMs) => scheduled(rules, { priority: 1, timeoutMs }).timeoutMs,
    );
    expect(times).toEqual([5, 1, 5]);
  });
});
