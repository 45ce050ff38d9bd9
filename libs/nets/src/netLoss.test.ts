import { ConfigError } from '@onda/contract';
import { describe, expect, it } from 'vitest';
import type { LossSpec } from './losses.ts';
import { netLoss } from './net.ts';
import type { NetSpec } from './netSpec.ts';

const plain: NetSpec = { cell: 'rnn', units: 2, layers: 1, features: 1, outputs: 1 };
const made = (loss: LossSpec): NetSpec => ({ ...plain, loss });
const quantiles: LossSpec = { kind: 'quantile', levels: [0.5, 0.1] };

describe(netLoss, () => {
  it("is the net's own when none is named, or its kind is", () => {
    expect(netLoss(plain, undefined)).toEqual({ kind: 'mse' });
    expect(netLoss(made({ kind: 'huber', delta: 3 }), undefined)).toEqual({ kind: 'huber', delta: 3 });
    expect(netLoss(made({ kind: 'huber', delta: 3 }), 'huber')).toEqual({ kind: 'huber', delta: 3 });
    expect(netLoss(made(quantiles), 'quantile')).toEqual(quantiles);
  });

  it('may be another loss with the same read-out', () => {
    expect(netLoss(plain, 'mae')).toEqual({ kind: 'mae' });
    expect(netLoss(made({ kind: 'mae' }), { kind: 'huber', delta: 2 })).toEqual({ kind: 'huber', delta: 2 });
    expect(netLoss(made(quantiles), { kind: 'quantile', levels: [0.5, 0.1] })).toEqual(quantiles);
  });

  const other = (own: string, given: string): string =>
    `net loss: expected one for the read-out of ${own}, which the net was made with, got ${given}; make the net with this loss in its spec`;
  const rejected: [name: string, spec: NetSpec, loss: LossSpec | 'quantile' | 'mse', message: string][] = [
    ['a wider read-out', plain, { kind: 'gaussian' }, other('mse', 'gaussian')],
    [
      'one level, which is not a plain value',
      plain,
      { kind: 'quantile', levels: [0.5] },
      other('mse', 'quantile [0.5]'),
    ],
    ['a narrower read-out', made(quantiles), 'mse', other('quantile [0.5, 0.1]', 'mse')],
    [
      'other levels',
      made(quantiles),
      { kind: 'quantile', levels: [0.5, 0.2] },
      other('quantile [0.5, 0.1]', 'quantile [0.5, 0.2]'),
    ],
    [
      'quantiles without levels',
      plain,
      'quantile',
      `net loss: expected the levels of the quantiles beside "quantile", got none; name them, as in { kind: 'quantile', levels: [0.5, 0.1, 0.9] }`,
    ],
    [
      'a parameter out of its range',
      plain,
      { kind: 'huber', delta: -1 },
      'net loss: huber delta: expected a number above 0, got -1; set it',
    ],
  ];
  it.each(rejected)('rejects %s', (_, spec, loss, message) => {
    expect(() => netLoss(spec, loss)).toThrow(new ConfigError(message));
  });
});
