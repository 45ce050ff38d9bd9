import { ConfigError } from '@onda/contract';
import { describe, expect, it } from 'vitest';
import { parseWork, stepFlops, usualWorks } from './work.ts';

describe(parseWork, () => {
  it('reads cell, units, batch and samples', () => {
    expect(parseWork('gru-128-32-50')).toEqual({
      name: 'gru-128-32-50',
      spec: { cell: 'gru', units: 128, layers: 1, features: 1, outputs: 1 },
      batch: 32,
      samples: 50,
      carry: false,
    });
  });

  it('reads the number of layers', () => {
    expect(parseWork('lstm2-256-64-100').spec).toMatchObject({ cell: 'lstm', layers: 2, units: 256 });
  });

  it('carries the state in the first job', () => {
    expect(parseWork('rnn-32-1-20').carry).toBe(true);
  });

  it('knows every usual work', () => {
    expect(usualWorks.map((name) => parseWork(name).name)).toEqual(usualWorks);
  });

  it.each(['rnn-32-1', 'cnn-32-1-20', 'rnn-0-1-20', 'rnn0-32-1-20', 'rnn-32-1-20x'])('refuses %s', (name) => {
    expect(() => parseWork(name)).toThrow(
      new ConfigError(
        `--works: expected CELL-UNITS-BATCH-SAMPLES such as rnn-32-1-20, or lstm2-256-64-100 for two layers (cells: rnn, lstm, gru), got "${name}"; correct the name`,
      ),
    );
  });
});

describe(stepFlops, () => {
  it('counts each product of a plain cell', () => {
    // Two units, one value in and out. Products a sample: W x and R h forward (2 + 4), their weights' gradients (2 + 4), the gradient
    // of h (4); read-out forward, its weights' gradient and that of h (3 * 2). A multiplication and an addition each: 2 * 22.
    expect(stepFlops({ ...parseWork('rnn-2-1-1') })).toBe(44);
  });

  it('grows with batch and samples', () => {
    expect(stepFlops(parseWork('rnn-2-3-5'))).toBe(15 * 44);
  });

  it('counts the gradient of what goes into a second layer', () => {
    // Layer two, of two units: 3 * 4 for R and 3 * 4 for W; four gates.
    const one = stepFlops(parseWork('lstm-2-1-1'));
    expect(stepFlops(parseWork('lstm2-2-1-1')) - one).toBe(2 * 4 * (3 * 4 + 3 * 4));
  });
});
