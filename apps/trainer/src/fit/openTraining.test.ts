import { describe, expect, it } from 'vitest';
import type { FitConfig } from '@onda/contract';
import { parseFitConfig } from '@onda/contract';
import { createSource } from '@onda/series';
import { lossOf, netOf } from './openTraining.ts';

const configOf = (more: object): FitConfig =>
  parseFitConfig({ name: 'a', seed: 7, data: { kind: 'sine' }, ...more }, 'test');
const specOf = (more: object): ReturnType<typeof netOf> => {
  const config = configOf(more);
  return netOf(config, createSource(config));
};

const plain = { cell: 'rnn', units: 32, layers: 1, features: 1, outputs: 1 };

describe(netOf, () => {
  it('is a point forecast net for a point loss', () => {
    expect(specOf({})).toEqual(plain);
    expect(specOf({ training: { loss: 'huber' } })).toEqual(plain);
  });

  it('has the read-out for a distribution', () => {
    expect(specOf({ training: { loss: 'gaussian' } })).toEqual({ ...plain, loss: { kind: 'gaussian' } });
    expect(specOf({ training: { loss: 'quantile', quantiles: [0.5, 0.2] } })).toEqual({
      ...plain,
      loss: { kind: 'quantile', levels: [0.5, 0.2] },
    });
  });

  it('drops values by the seed of the run', () => {
    expect(specOf({ net: { layers: 2, dropout: 0.25 } })).toEqual({
      ...plain,
      layers: 2,
      dropout: { rate: 0.25, seed: 7 },
    });
  });
});

describe(lossOf, () => {
  it('takes the parameters that are of the loss', () => {
    expect(lossOf(configOf({ training: { loss: 'huber', huberDelta: 2 } }))).toEqual({
      kind: 'huber',
      delta: 2,
    });
    expect(lossOf(configOf({ training: { loss: 'mae' } }))).toEqual({ kind: 'mae' });
  });
});
