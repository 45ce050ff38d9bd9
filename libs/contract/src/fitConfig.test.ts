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
        carry: false,
        draw: 'windows',
        optimizer: 'adam',
        warmupSteps: 0,
        momentum: 0,
        loss: 'mse',
        huberDelta: 1,
        quantiles: [0.5, 0.1, 0.9],
        freeRunning: 0,
        scheduledSampling: 0,
        noise: 0,
        checkpoint: { everyS: 30, keep: 1 },
        tensorboard: false,
      },
    });
  });

  it.each([
    ['an unknown key', { ...good, nett: {} }, 'a.yaml: nett: unknown key; did you mean "net"?'],
    [
      'an unknown key inside',
      { ...good, net: { unit: 3 } },
      'a.yaml: net.unit: unknown key; did you mean "units"?',
    ],
    [
      'an unknown key unlike all others',
      { ...good, net: { width: 3 } },
      'a.yaml: net.width: unknown key; expected one of cell, units, layers, dropout',
    ],
    [
      'a mistyped required key',
      { nme: 'a', data: good.data },
      'a.yaml: nme: unknown key; did you mean "name"?',
    ],
    [
      'a mistyped key of the data',
      { ...good, data: { kind: 'csv', file: 'a.csv', colums: ['a'] } },
      'a.yaml: data.colums: unknown key; did you mean "columns"?',
    ],
    ['a missing key', { data: good.data }, 'a.yaml: name: expected a text, got nothing; add it'],
    [
      'data without a kind, which is a file',
      { ...good, data: {} },
      'a.yaml: data.file: expected a text, got nothing; add it (and 1 more)',
    ],
    [
      'an unknown kind of data',
      { ...good, data: { kind: 'cvs' } },
      'a.yaml: data.kind: expected one of sine, csv, video-clips, got "cvs"; did you mean "csv"?',
    ],
    [
      'a mistyped value',
      { ...good, training: { optimizer: 'adan' } },
      'a.yaml: training.optimizer: expected one of adam, adamw, rmsprop, sgd, got "adan"; did you mean "adam"?',
    ],
    [
      'a wrong type',
      { ...good, net: { units: 'many' } },
      'a.yaml: net.units: expected a number, got "many"; correct the value',
    ],
    [
      'a negative size',
      { ...good, net: { units: -3 } },
      'a.yaml: net.units: expected a number of at least 1, got -3; correct the value',
    ],
    [
      'a fraction',
      { ...good, net: { units: 1.5 } },
      'a.yaml: net.units: expected a whole number, got 1.5; correct the value',
    ],
    [
      'a long value',
      { ...good, net: { units: 'x'.repeat(1000) } },
      `a.yaml: net.units: expected a number, got "${'x'.repeat(59)}...; correct the value`,
    ],
    [
      'a value of several types',
      { ...good, data: { kind: 'csv', file: 'a', columns: ['a'], time: 7 } },
      'a.yaml: data.time: expected a text or a list or false, got 7; correct the value',
    ],
    [
      'dropout where there is nothing between layers',
      { ...good, net: { dropout: 0.2 } },
      'a.yaml: net.dropout: expected 0 with one layer, because dropout is applied between layers, got 0.2; add a layer or omit it',
    ],
    [
      'a level beyond all values',
      { ...good, training: { loss: 'quantile', quantiles: [0.5, 1] } },
      'a.yaml: training.quantiles[1]: expected a number of less than 1, got 1; correct the value',
    ],
    ['no object', 7, 'a.yaml: (the whole document): expected keys and values, got 7; correct the value'],
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
      'a.yaml: seed: expected a number of at least 0, got -1; correct the value (and 1 more)',
    );
  });

  it.each([
    [
      'momentum with adam',
      { momentum: 0.9 },
      'a.yaml: training.momentum: expected none with the optimizer adam, because only sgd uses it, got 0.9; remove it or set training.optimizer: sgd',
    ],
    [
      'huberDelta with mse',
      { huberDelta: 2 },
      'a.yaml: training.huberDelta: expected none with the loss mse, because only huber uses it, got 2; remove it or set training.loss: huber',
    ],
    [
      'quantiles with mse',
      { quantiles: [0.5, 0.05] },
      'a.yaml: training.quantiles: expected none with the loss mse, because only quantile uses them, got [0.5, 0.05]; remove them or set training.loss: quantile',
    ],
    [
      'steps and epochs',
      { steps: 10, epochs: 2 },
      'a.yaml: training.epochs: expected none beside training.steps, got 2; remove one of them',
    ],
    [
      'windows with carry',
      { carry: true, window: 30 },
      'a.yaml: training.window: expected none with training.carry true, because only random windows use it, got 30; remove it or set training.carry: false',
    ],
    [
      'a warm-up as long as the window',
      { window: 30, warmup: 30 },
      'a.yaml: training.warmup: expected at most 29, less than training.window, got 30; lower it',
    ],
    [
      'a closed loop longer than the window',
      { window: 30, freeRunning: 30 },
      'a.yaml: training.freeRunning: expected at most 29, training.window less the lag, got 30; lower it or use longer windows',
    ],
    [
      'early stopping without validation data',
      { earlyStopping: {} },
      'a.yaml: training.earlyStopping: expected validation data, got none; set data.validation to the number of samples before the hold-out that validate',
    ],
  ])('refuses a setting that does not apply: %s', (_what, training, text) => {
    expect(() => parseFitConfig({ ...good, training }, 'a.yaml')).toThrow(new ConfigError(text));
  });

  it('takes settings where they apply, and its own result again', () => {
    const config = parseFitConfig({ ...good, training: { optimizer: 'sgd', momentum: 0.9 } }, 'a.yaml');
    expect(parseFitConfig(config, 'a.yaml')).toEqual(config);
    const csv = { kind: 'csv', file: 'a.csv', columns: ['a', 'b'], time: ['year', 'quarter'], group: 'g' };
    expect(parseFitConfig({ ...good, data: csv }, 'a.yaml').data).toMatchObject(csv);
  });

  it.each([
    [
      'a column twice',
      { columns: ['a', 'a'] },
      'data.columns[1]: expected a column that is not used elsewhere, got "a", which is data.columns[0]; remove one of them',
    ],
    [
      'a column that is the group',
      { columns: ['a'], group: 'a' },
      'data.group: expected a column that is not used elsewhere, got "a", which is data.columns[0]; remove one of them',
    ],
    [
      'groups of a wide table',
      { columns: ['a'], group: 'g', layout: 'wide' },
      'data.group: expected none with data.layout wide, whose columns are the series, got "g"; remove one of them',
    ],
    [
      'duplicates without times',
      { columns: ['a'], time: false, duplicates: 'mean' },
      'data.duplicates: expected none with data.time false, got mean; name the column of the times, or remove it',
    ],
  ])('refuses %s', (_what, data, text) => {
    const value = { ...good, data: { kind: 'csv', file: 'a.csv', ...data } };
    expect(() => parseFitConfig(value, 'a.yaml')).toThrow(new ConfigError(`a.yaml: ${text}`));
  });
});

describe('forecast', () => {
  const four = { name: 'a', data: { file: 'x.csv', columns: ['v'] }, forecast: { horizon: 12 } };
  const configOf = (more: object, forecast: object = {}, data: object = {}): object => ({
    ...four,
    ...more,
    forecast: { ...four.forecast, ...forecast },
    data: { ...four.data, ...data },
  });

  it('is whole with name, file, columns and horizon', () => {
    expect(parseFitConfig(four, 'a.yaml')).toMatchObject({
      data: { kind: 'csv', holdout: 0, validation: 0 },
      forecast: { horizon: 12, strategy: 'direct' },
    });
    expect(
      parseFitConfig(configOf({ net: { units: 8 } }, { strategy: 'closed-loop' }), 'a.yaml'),
    ).toMatchObject({
      net: { units: 8 },
    });
  });

  it.each([
    [
      'a network of a direct forecaster',
      configOf({ net: { units: 8 } }),
      'net: expected none with the strategy direct, whose networks are chosen from the data, got {"units":8}; remove it or set forecast.strategy: closed-loop',
    ],
    [
      'a scaler of a direct forecaster',
      configOf({}, {}, { scaler: 'robust' }),
      'data.scaler: expected none with the strategy direct, which scales and cuts its windows itself, got robust; remove it or set forecast.strategy: closed-loop',
    ],
    [
      'members of a closed loop',
      configOf({}, { strategy: 'closed-loop', members: 3 }),
      'forecast.members: expected none with the strategy closed-loop, got 3; remove it or set forecast.strategy: direct',
    ],
    [
      'a hold-out shorter than the horizon',
      configOf({}, {}, { holdout: 6 }),
      'data.holdout: expected at least the horizon (12), or 0, got 6; hold out more, or omit it',
    ],
    [
      'synthetic data',
      { ...four, data: { kind: 'sine' } },
      'forecast: expected none with data.kind sine, because only data files are forecast, got {"horizon":12,"strategy":"direct","timeLimitS":90}; remove it, or set data.file',
    ],
    ['a mistyped key', configOf({}, { member: 3 }), 'forecast.member: unknown key; did you mean "members"?'],
    ['no file', { name: 'a', data: { columns: ['v'] } }, 'data.file: expected a text, got nothing; add it'],
  ])('rejects %s', (_what, config, message) => {
    expect(() => parseFitConfig(config, 'a.yaml')).toThrow(`a.yaml: ${message}`);
  });
});
