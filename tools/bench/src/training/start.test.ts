import { sineChunk } from '@onda/series';
import { describe, expect, it } from 'vitest';
import { fromBase64, makeStart, startSchema, startWeights } from './start.ts';
import { parseWork } from './work.ts';

describe(makeStart, () => {
  it('gives the first job its own chunks', () => {
    const start = makeStart(parseWork('rnn-32-1-20'));
    const third = sineChunk(3, 20);
    expect(fromBase64(start.x).slice(60, 80)).toEqual(third.x);
    expect(fromBase64(start.y).slice(60, 80)).toEqual(third.y);
    expect(start.chunks).toBe(100);
  });

  it('gives the others series whose target is one sample later', () => {
    const start = makeStart(parseWork('lstm-3-2-4'));
    const [x, y] = [fromBase64(start.x), fromBase64(start.y)];
    expect(x).toHaveLength(start.chunks * 2 * 4);
    for (let row = 0; row < start.chunks * 2; row++) {
      expect(y.slice(4 * row, 4 * row + 3)).toEqual(x.slice(4 * row + 1, 4 * row + 4));
    }
  });

  it('draws the same for the same seed, and weights as PyTorch bounds them', () => {
    const work = parseWork('gru-4-1-3');
    expect(makeStart(work)).toEqual(makeStart(work));
    expect(makeStart(work, 2).weights).not.toEqual(makeStart(work).weights);
    for (const { values } of makeStart(work).weights) {
      for (const value of fromBase64(values)) expect(Math.abs(value)).toBeLessThanOrEqual(0.5);
    }
  });

  it('survives the way through a file', () => {
    const start = makeStart(parseWork('rnn2-3-1-4'));
    expect(startSchema.parse(JSON.parse(JSON.stringify(start)))).toEqual(start);
  });
});

describe(startWeights, () => {
  it('gives rows as PyTorch lays them out', () => {
    const weights = startWeights(makeStart(parseWork('lstm-3-1-4')));
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
