import { ConfigError } from '@onda/contract';
import { sineChunk } from '@onda/series';
import { describe, expect, it } from 'vitest';
import { fromBase64, makeStart, parseNetWorkload, startWeights } from './netWorkload.ts';

const parse = (name: string) => parseNetWorkload('training', name);

describe(parseNetWorkload, () => {
  it('reads cell, units, batch and samples of a training workload', () => {
    expect(parse('gru-128-32-50')).toEqual({
      name: 'gru-128-32-50',
      spec: { cell: 'gru', units: 128, layers: 1, features: 1, outputs: 1 },
      batch: 32,
      samples: 50,
      carry: false,
    });
  });

  it('reads the number of layers', () => {
    expect(parse('lstm2-256-64-100').spec).toMatchObject({ cell: 'lstm', layers: 2, units: 256 });
  });

  it('carries the state in the first job', () => {
    expect(parse('rnn-32-1-20').carry).toBe(true);
  });

  it('reads cell, layers, units and batch of a generation workload', () => {
    expect(parseNetWorkload('generation', 'generation-lstm2-32-64')).toMatchObject({
      name: 'generation-lstm2-32-64',
      spec: { cell: 'lstm', units: 32, layers: 2, features: 1, outputs: 1 },
      batch: 64,
    });
  });

  it.each(['rnn-32-1', 'cnn-32-1-20', 'rnn-0-1-20', 'rnn0-32-1-20', 'rnn-32-1-20x'])('rejects %s', (name) => {
    expect(() => parse(name)).toThrow(
      new ConfigError(
        `--works: expected CELL-UNITS-BATCH-SAMPLES such as rnn-32-1-20, or lstm2-256-64-100 for two layers (cells: rnn, lstm, gru), got "${name}"; correct the name`,
      ),
    );
  });

  it('rejects another form of a generation workload', () => {
    expect(() => parseNetWorkload('generation', 'rnn-32-1')).toThrow(
      new ConfigError(
        '--works: expected generation-CELL-UNITS-BATCH such as generation-rnn-32-1, or generation-lstm2-32-1 for two layers (cells: rnn, lstm, gru), got "rnn-32-1"; correct the name',
      ),
    );
  });
});

describe(makeStart, () => {
  it('has the chunks of the first job', () => {
    const start = makeStart(parse('rnn-32-1-20'));
    const third = sineChunk(3, 20);
    expect(fromBase64(start.x).slice(60, 80)).toEqual(third.x);
    expect(fromBase64(start.y).slice(60, 80)).toEqual(third.y);
    expect(start.chunks).toBe(100);
  });

  it('has series whose target is the next sample', () => {
    const start = makeStart(parse('lstm-3-2-4'));
    const [x, y] = [fromBase64(start.x), fromBase64(start.y)];
    expect(x).toHaveLength(start.chunks * 2 * 4);
    for (let row = 0; row < start.chunks * 2; row++) {
      expect(y.slice(4 * row, 4 * row + 3)).toEqual(x.slice(4 * row + 1, 4 * row + 4));
    }
  });

  it('draws the same for the same seed, with the bounds of PyTorch', () => {
    const work = parse('gru-4-1-3');
    expect(makeStart(work)).toEqual(makeStart(work));
    expect(makeStart(work, 2).weights).not.toEqual(makeStart(work).weights);
    for (const { values } of makeStart(work).weights) {
      for (const value of fromBase64(values)) expect(Math.abs(value)).toBeLessThanOrEqual(0.5);
    }
  });

  it('can be written to a file', () => {
    const start = makeStart(parse('rnn2-3-1-4'));
    expect(JSON.parse(JSON.stringify(start))).toEqual(start);
  });
});

describe(startWeights, () => {
  it('has rows in the layout of PyTorch', () => {
    const weights = startWeights(makeStart(parse('lstm-3-1-4')));
    expect(Object.keys(weights)).toEqual([
      'rnn.weight_ih_l0',
      'rnn.weight_hh_l0',
      'rnn.bias_ih_l0',
      'rnn.bias_hh_l0',
      'linear.weight',
      'linear.bias',
    ]);
    const matrix = weights['rnn.weight_hh_l0'] as number[][];
    expect([matrix.length, matrix[0].length]).toEqual([12, 3]);
  });
});
