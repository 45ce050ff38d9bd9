import { describe, expect, it } from 'vitest';
import { parseSweepConfig } from './sweepConfig.ts';

const good = { name: 'a', config: 'a.yaml', values: { 'net.units': [8, 16] } };

describe(parseSweepConfig, () => {
  it('is a grid for the validation error by default', () => {
    expect(parseSweepConfig(good, 's.yaml')).toEqual({
      ...good,
      metric: 'validation',
      search: { method: 'grid' },
    });
  });

  it.each([
    ['no values', { ...good, values: {} }, 's.yaml: values: expected at least one key with values'],
    [
      'a range in a grid',
      { ...good, values: { a: { from: 1, to: 2 } } },
      's.yaml: values.a: expected a list, because a grid tries all combinations, got a range; list the values, or set search: { method: random, trials: 20 }',
    ],
    [
      'a mistyped method',
      { ...good, search: { method: 'rando', trials: 3 } },
      's.yaml: search.method: expected one of grid, random, halving, got "rando"; did you mean "random"?',
    ],
    [
      'a logarithmic range from zero',
      { ...good, search: { method: 'random', trials: 3 }, values: { a: { from: 0, to: 1, scale: 'log' } } },
      's.yaml: values.a.from: expected more than 0 with scale: log, got 0; correct it, or use scale: linear',
    ],
    [
      'values of the resource',
      {
        ...good,
        search: { method: 'halving', trials: 3, from: 10, to: 90 },
        values: { 'training.steps': [1, 2] },
      },
      's.yaml: values.training.steps: expected none, because it is the resource of the search; remove it, or name another search.resource',
    ],
  ])('rejects %s', (_what, config, message) => {
    expect(() => parseSweepConfig(config, 's.yaml')).toThrow(message);
  });
});
