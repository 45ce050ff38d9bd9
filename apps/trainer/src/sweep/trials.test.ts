import { describe, expect, it } from 'vitest';
import type { TrialResult } from './trials.ts';
import { firstTrials, nextTrials, rankTrials } from './trials.ts';

const lists = { 'net.units': [8, 16], 'net.cell': ['gru', 'lstm', 'rnn'] };

const resultOf = (number: number, metric: number | null, steps = 10, round = 1): TrialResult => ({
  id: String(number),
  number,
  round,
  settings: { 'training.steps': steps, a: number },
  metric,
  seconds: 1,
});

const halving = {
  method: 'halving',
  trials: 9,
  seed: 0,
  resource: 'training.steps',
  from: 10,
  to: 90,
  factor: 3,
} as const;

describe(firstTrials, () => {
  it('tries all combinations of a grid', () => {
    const trials = firstTrials({ method: 'grid' }, lists);
    expect(trials.map(({ id }) => id)).toEqual(['001', '002', '003', '004', '005', '006']);
    expect(trials[3].settings).toEqual({ 'net.units': 16, 'net.cell': 'gru' });
    expect(new Set(trials.map(({ settings }) => JSON.stringify(settings))).size).toBe(6);
  });

  it('rejects a grid of too many combinations', () => {
    const many = { a: Array.from({ length: 101 }, (_, i) => i), b: Array.from({ length: 100 }, (_, i) => i) };
    expect(() => firstTrials({ method: 'grid' }, many)).toThrow(
      'values: expected a grid of at most 10000 combinations, got 10100; list fewer values, or set search: { method: random, trials: 20 }',
    );
  });

  it('draws values within their ranges, the same for the same seed', () => {
    const values = {
      rate: { from: 0.001, to: 0.1, scale: 'log' as const, whole: false },
      units: { from: 4, to: 9, scale: 'linear' as const, whole: true },
    };
    const draw = (seed: number): unknown[] =>
      firstTrials({ method: 'random', trials: 200, seed }, values).map(({ settings }) => settings);
    const drawn = draw(3) as { rate: number; units: number }[];
    expect(draw(3)).toEqual(drawn);
    expect(draw(4)).not.toEqual(drawn);
    for (const { rate, units } of drawn) {
      expect(rate).toBeGreaterThanOrEqual(0.001);
      expect(rate).toBeLessThanOrEqual(0.1);
      expect([4, 5, 6, 7, 8, 9]).toContain(units);
    }
    // Half of the draws of a logarithmic range are below its geometric mean, 0.01: 100 of 200, four standard deviations are 28.
    expect(Math.abs(drawn.filter(({ rate }) => rate < 0.01).length - 100)).toBeLessThan(28);
  });

  it('draws each combination once where there are fewer than trials', () => {
    expect(firstTrials({ method: 'random', trials: 50, seed: 0 }, lists)).toHaveLength(6);
  });
});

describe(nextTrials, () => {
  it('continues a third of the trials with three times the resource, up to the last round', () => {
    const first = [4, 8, 1, 9, 2, 7, 3, 6, 5].map((metric, index) => resultOf(index + 1, metric));
    const second = nextTrials(halving, first);
    expect(second.map(({ id, settings }) => [id, settings['training.steps'], settings['a']])).toEqual([
      ['003-2', 30, 3],
      ['005-2', 30, 5],
      ['007-2', 30, 7],
    ]);
    const last = nextTrials(halving, [resultOf(3, 1, 30, 2), resultOf(5, 3, 30, 2), resultOf(7, 2, 30, 2)]);
    expect(last.map(({ id, settings }) => [id, settings['training.steps']])).toEqual([['003-3', 90]]);
    expect(nextTrials(halving, [resultOf(3, 1, 90, 3)])).toEqual([]);
  });

  it('drops failed trials and ends where all failed', () => {
    const some = [resultOf(1, null), resultOf(2, 5), resultOf(3, null)];
    expect(nextTrials(halving, some).map(({ number }) => number)).toEqual([2]);
    expect(nextTrials(halving, [resultOf(1, null)])).toEqual([]);
    expect(nextTrials({ method: 'grid' }, some)).toEqual([]);
  });
});

describe(rankTrials, () => {
  it('puts later rounds first, then lower metrics, then failed trials', () => {
    const results = [resultOf(1, null, 90, 3), resultOf(2, 1), resultOf(3, 5, 30, 2), resultOf(4, 0.5)];
    expect(rankTrials(results).map(({ number }) => number)).toEqual([3, 4, 2, 1]);
  });
});
