import { describe, expect, it } from 'vitest';
import { ConfigError } from './errors.ts';
import { parseFitConfig } from './fitConfig.ts';

const good = { name: 'lagged-sine', data: { kind: 'sine' } };

describe(parseFitConfig, () => {
  it('fills in the first job from its name and kind of data', () => {
    expect(parseFitConfig(good, 'a.yaml')).toEqual({
      name: 'lagged-sine',
      seed: 0,
      lag: 1,
      data: { kind: 'sine', samples: 20 },
      net: { cell: 'rnn', units: 32, layers: 1, dropout: 0 },
      training: {
        steps: 100,
        optimizer: 'adam',
        learningRate: 0.01,
        schedule: { kind: 'constant' },
        clipNorm: 0,
        momentum: 0,
        loss: 'mse',
        huberDelta: 1,
        quantiles: [0.5, 0.1, 0.9],
        carry: true,
        pictureEvery: 25,
      },
    });
  });

  it.each([
    ['an unknown key', { ...good, nett: {} }, 'a.yaml: nett: unknown key; remove it or correct its name'],
    [
      'an unknown key inside',
      { ...good, net: { unit: 3 } },
      'a.yaml: net.unit: unknown key; remove it or correct its name',
    ],
    [
      'a wrong type',
      { ...good, net: { units: 'many' } },
      'a.yaml: net.units: expected number, received string',
    ],
    [
      'a negative size',
      { ...good, net: { units: -3 } },
      'a.yaml: net.units: Too small: expected number to be >=1',
    ],
    [
      'dropout where there is nothing between layers',
      { ...good, net: { dropout: 0.2 } },
      'a.yaml: net.dropout: expected 0 with one layer, because dropout is applied between layers, got 0.2; add a layer or omit it',
    ],
    [
      'a level beyond all values',
      { ...good, training: { loss: 'quantile', quantiles: [0.5, 1] } },
      'a.yaml: training.quantiles[1]: Too big: expected number to be <1',
    ],
    ['no object', 7, 'a.yaml: (the whole document): expected object, received number'],
    [
      'a name that cannot be a file name',
      { ...good, name: '../x' },
      'a.yaml: name: expected 1 to 128 letters, digits, ".", "_" or "-", starting with a letter or digit and without "..", got "../x"; choose another name',
    ],
  ])('rejects %s in one sentence', (_what, value, text) => {
    expect(() => parseFitConfig(value, 'a.yaml')).toThrow(new ConfigError(text));
  });

  it('counts further issues', () => {
    expect(() => parseFitConfig({ ...good, seed: -1, lag: 0 }, 'a.yaml')).toThrow(
      'a.yaml: seed: Too small: expected number to be >=0 (and 1 more)',
    );
  });
});
