import { ConfigError } from '@onda/contract';
import { describe, expect, it } from 'vitest';
import type { LossSpec } from './lossSpec.ts';
import { lossAttributes, lossBlocks } from './lossSpec.ts';

describe(lossAttributes, () => {
  it('gives the parameters, with defaults for those left out', () => {
    expect(lossAttributes({ kind: 'mse' }, 'loss')).toEqual({ loss: 'mse', delta: 1, levels: [] });
    expect(lossAttributes({ kind: 'huber', delta: 0.25 }, 'loss')).toEqual({
      loss: 'huber',
      delta: 0.25,
      levels: [],
    });
    expect(lossAttributes({ kind: 'quantile', levels: [0.5, 0.9] }, 'loss')).toEqual({
      loss: 'quantile',
      delta: 1,
      levels: [0.5, 0.9],
    });
  });

  const levels = (given: string): string =>
    `loss: quantile levels: expected different numbers above 0 and below 1, the first of them 0.5, got ${given}; the median comes first because it is the net's prediction, as in [0.5, 0.1, 0.9]`;
  const rejected: [name: string, spec: unknown, message: string][] = [
    [
      'another loss',
      { kind: 'hinge' },
      'loss: expected one of mse, mae, huber, gaussian, quantile, got "hinge"; take one of them',
    ],
    [
      'a delta of 0',
      { kind: 'huber', delta: 0 },
      'loss: huber delta: expected a number above 0, got 0; set it',
    ],
    [
      'a delta that is no number',
      { kind: 'huber', delta: NaN },
      'loss: huber delta: expected a number above 0, got NaN; set it',
    ],
    ['no levels', { kind: 'quantile' }, levels('nothing')],
    ['an empty list of levels', { kind: 'quantile', levels: [] }, levels('[]')],
    ['levels without the median first', { kind: 'quantile', levels: [0.1, 0.5] }, levels('[0.1,0.5]')],
    ['a level of 1', { kind: 'quantile', levels: [0.5, 1] }, levels('[0.5,1]')],
    ['a level twice', { kind: 'quantile', levels: [0.5, 0.1, 0.1] }, levels('[0.5,0.1,0.1]')],
  ];
  it.each(rejected)('refuses %s', (_, spec, message) => {
    expect(() => lossAttributes(spec as LossSpec, 'loss')).toThrow(new ConfigError(message));
  });
});

describe(lossBlocks, () => {
  it('counts the columns of one output', () => {
    expect(lossBlocks(undefined)).toBe(1);
    expect(lossBlocks({ kind: 'huber' })).toBe(1);
    expect(lossBlocks({ kind: 'gaussian' })).toBe(2);
    expect(lossBlocks({ kind: 'quantile', levels: [0.5, 0.1, 0.9] })).toBe(3);
  });
});
