import { ConfigError } from '@onda/contract';
import { describe, expect, it } from 'vitest';
import type { NetSpec } from './netSpec.ts';
import { checkNetSpec, readoutColumns } from './netSpec.ts';

const good: NetSpec = { cell: 'lstm', units: 4, layers: 2, features: 1, outputs: 3 };

describe(readoutColumns, () => {
  it('has one column per output, or more if the loss needs them', () => {
    expect(readoutColumns(good)).toBe(3);
    expect(readoutColumns({ ...good, loss: { kind: 'gaussian' } })).toBe(6);
  });
});

describe(checkNetSpec, () => {
  it('accepts a valid spec', () => {
    checkNetSpec(good);
    checkNetSpec({ ...good, loss: { kind: 'huber', delta: 2 }, dropout: { rate: 0, seed: -1 } });
  });

  const rejected: [name: string, change: object, message: string][] = [
    ['another cell', { cell: 'mlp' }, 'net cell: expected one of rnn, lstm, gru, got "mlp"; use one of them'],
    ['no units', { units: 0 }, 'net units: expected a whole number of at least 1, got 0; set it'],
    [
      'part of a layer',
      { layers: 1.5 },
      'net layers: expected a whole number of at least 1, got 1.5; set it',
    ],
    [
      'features as text',
      { features: '1' },
      'net features: expected a whole number of at least 1, got "1"; set it',
    ],
    [
      'outputs left out',
      { outputs: undefined },
      'net outputs: expected a whole number of at least 1, got undefined; set it',
    ],
    [
      'a loss that is not known',
      { loss: { kind: 'hinge' } },
      'net loss: expected one of mse, mae, huber, gaussian, quantile, got "hinge"; use one of them',
    ],
    [
      'a dropout of everything',
      { dropout: { rate: 1, seed: 1 } },
      'net dropout rate: expected a number from 0 to below 1, got 1; set it',
    ],
    [
      'a seed that is not a whole number',
      { dropout: { rate: 0.5, seed: 0.5 } },
      'net dropout seed: expected a whole number, got 0.5; set it',
    ],
  ];
  it.each(rejected)('rejects %s', (_, change, message) => {
    expect(() => {
      checkNetSpec({ ...good, ...change });
    }).toThrow(new ConfigError(message));
  });
});
