import { describe, expect, it } from 'vitest';
import { missedTable, missedText } from './goals.ts';

const met = { goal: 'start', bound: 'under 1 s', got: '0.50 s', met: true };
const missed = { goal: 'rate', bound: 'at least 10/s', got: '9/s', met: false };

describe(missedTable, () => {
  it('lists what was missed, and of how many', () => {
    expect(missedTable([met, missed])).toEqual({
      title: 'Goals missed: 1 of 2',
      head: ['goal', 'bound', 'got', 'met'],
      rows: [['rate', 'at least 10/s', '9/s', 'no']],
    });
    expect(missedTable([met])).toBeNull();
  });
});

describe(missedText, () => {
  it('says what was wanted and what came', () => {
    expect(missedText(missed)).toBe('rate: expected at least 10/s, got 9/s');
  });
});
