import { describe, expect, it } from 'vitest';
import { configOptions, defaultRules, runTimeout, scheduled, scheduleRules } from './configOptions.ts';
import type { ModelOptions } from './configOptions.ts';
import { parseConfig } from './tritonConfig.ts';
import type { TritonConfig } from './tritonConfig.ts';

const common = {
  batching: { maxRows: 256, maxValues: 1000, delayUs: 0, maxWaiting: 10 },
  sequences: { most: 100, idleMs: 60_000, ageMs: 600_000 },
} as ModelOptions;

describe(configOptions, () => {
  it('takes 0 for a value that is not given, as Triton does', () => {
    const sequences = (text: string): ModelOptions['sequences'] =>
      configOptions(common, parseConfig(new TextEncoder().encode(text), 'config.pbtxt'), null).sequences;
    expect(
      sequences(
        'sequence_batching { max_sequence_idle_microseconds: 0 oldest { max_candidate_sequences: 0 } }',
      ),
    ).toMatchObject({ most: 100, idleMs: 60_000 });
    expect(
      sequences(
        'sequence_batching { max_sequence_idle_microseconds: 5000000 oldest { max_candidate_sequences: 7 } }',
      ),
    ).toMatchObject({ most: 7, idleMs: 5000 });
  });
});

describe(runTimeout, () => {
  const timeoutOf = (value: string): number | undefined => {
    const text = `parameters { key: "run_timeout_seconds" value { string_value: "${value}" } }`;
    return runTimeout(parseConfig(new TextEncoder().encode(text), 'config.pbtxt'), 'config.pbtxt');
  };

  it('reads seconds', () => {
    expect(runTimeout(parseConfig(new Uint8Array(), 'config.pbtxt'), 'config.pbtxt')).toBeUndefined();
    expect(timeoutOf('0.5')).toBe(500);
  });

  it.each(['', '-1', '0', '1e9', '100000', 'soon'])('rejects %j', (value) => {
    expect(() => timeoutOf(value)).toThrow(
      `config.pbtxt: parameters: run_timeout_seconds: expected a number of seconds from 0.01 to 86400, got "${value}"; correct it`,
    );
  });
});

const rulesOf = (dynamic: object): ReturnType<typeof scheduleRules> =>
  scheduleRules({ dynamic_batching: dynamic } as TritonConfig, 'config.pbtxt');

describe(scheduleRules, () => {
  it('takes priorities and timeouts of dynamic_batching, and the defaults without', () => {
    expect(rulesOf({})).toEqual(defaultRules);
    expect(
      rulesOf({
        priority_levels: 3,
        default_priority_level: 2,
        default_queue_policy: { default_timeout_microseconds: 1500 },
      }),
    ).toEqual({ standard: 2, levels: 3, timeoutMs: 1.5 });
  });

  it.each([
    [10, 1],
    [3, 0],
    [3, 4],
  ])('refuses %d levels of which %d is the default', (priority_levels, default_priority_level) => {
    expect(() => rulesOf({ priority_levels, default_priority_level })).toThrow(
      `config.pbtxt: dynamic_batching: expected priority_levels up to 9 and a default_priority_level among them, got ${priority_levels} and ${default_priority_level}; correct them`,
    );
  });
});

describe(scheduled, () => {
  const rules = { standard: 2, levels: 3, timeoutMs: 5 };

  it('uses the default priority for a missing one, or one beyond the levels', () => {
    const priorities = [undefined, 1, 3, 4].map(
      (priority) => scheduled(rules, { priority, timeoutMs: undefined }).priority,
    );
    expect(priorities).toEqual([2, 1, 3, 2]);
  });

  it('takes the shorter timeout', () => {
    const times = [undefined, 1, 9].map(
      (timeoutMs) => scheduled(rules, { priority: 1, timeoutMs }).timeoutMs,
    );
    expect(times).toEqual([5, 1, 5]);
  });
});
