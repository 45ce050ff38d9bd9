import { ConfigError } from '@onda/contract';
import { describe, expect, it } from 'vitest';
import { parseWork, usualWorks } from './work.ts';

describe(parseWork, () => {
  it('reads cell, layers, units and batch', () => {
    expect(parseWork('generation-lstm2-32-64')).toEqual({
      name: 'generation-lstm2-32-64',
      spec: { cell: 'lstm', units: 32, layers: 2, features: 1, outputs: 1 },
      batch: 64,
    });
  });

  it('reads the works that are run when nobody says which', () => {
    expect(usualWorks).toHaveLength(18);
    expect(usualWorks.map(parseWork).map(({ name }) => name)).toEqual(usualWorks);
  });

  it('refuses a name of another form', () => {
    expect(() => parseWork('rnn-32-1')).toThrow(
      new ConfigError(
        '--works: expected generation-CELL-UNITS-BATCH such as generation-rnn-32-1, or generation-lstm2-32-1 for two layers (cells: rnn, lstm, gru), got "rnn-32-1"; correct the name',
      ),
    );
  });
});
