import { describe, expect, it } from 'vitest';
import type { SeriesSet } from '@onda/series';
import { chooseHoldout } from './chooseHoldout.ts';
import { chooseLoop, fillIn } from './chooseLoop.ts';
import { evaluateForecaster, evaluationText, strideOf } from './evaluateModel.ts';

/** Series of these lengths, each value its sample number. */
const setOf = (lengths: readonly number[], targets = ['v'], period = 1): SeriesSet => ({
  targets,
  covariates: [],
  series: lengths.map((length, index) => ({
    id: `s${index}`,
    length,
    values: Float64Array.from(
      { length: length * targets.length },
      (_, at) => Math.floor(at / targets.length) + (at % 3),
    ),
    covariates: new Float64Array(0),
    times: null,
  })),
  step: null,
  period,
  notes: [],
});

describe(chooseHoldout, () => {
  it.each([
    [100, 10, 20],
    [144, 12, 24],
    [8760, 24, 120],
    [30, 6, 6],
    [30, 20, 20],
  ])('of %i samples and a horizon of %i holds out %i', (length, horizon, holdout) => {
    expect(chooseHoldout(setOf([1000, length]), horizon)).toBe(holdout);
  });
});

describe(strideOf, () => {
  it.each([
    ['each sample of a short hold-out', [144], 24, 12, 1],
    ['24 origins of one series', [8760], 720, 24, 31],
    ['5 origins of a million samples', [1_000_000], 120, 24, 24],
    ['fewer origins of many series', Array<number>(240).fill(100), 24, 12, 12],
    ['one origin where the hold-out is a horizon', [100], 10, 10, 1],
  ])('is %s', (_what, lengths, holdout, horizon, stride) => {
    expect(strideOf(setOf(lengths), holdout, horizon)).toBe(stride);
  });
});

describe(chooseLoop, () => {
  it('has windows of two seasons, and room for training in a short series', () => {
    expect(chooseLoop(setOf([240], ['v'], 12), 12, 90).settings).toMatchObject({
      data: { holdout: 48, validation: 38, samples: 24 },
      training: { window: 24, freeRunning: 12, timeLimitS: 90 },
    });
    expect(chooseLoop(setOf([30]), 6, 90).settings).toMatchObject({
      data: { holdout: 6, validation: 4, samples: 10 },
      training: { window: 10, freeRunning: 5 },
    });
  });
});

describe(fillIn, () => {
  it('keeps what the document gives', () => {
    const document = { name: 'a', net: { units: 8 }, data: { holdout: 0 } };
    expect(
      fillIn(document, { net: { units: 32, cell: 'gru' }, data: { holdout: 20 }, training: {} }),
    ).toEqual({
      name: 'a',
      net: { units: 8, cell: 'gru' },
      data: { holdout: 0 },
      training: {},
    });
  });
});

describe(evaluateForecaster, () => {
  /** Forecasts the last value less 1. */
  const model = {
    name: 'model',
    levels: [],
    predict: (
      tasks: readonly { series: { values: Float64Array }; horizon: number; set: { targets: string[] } }[],
    ) =>
      tasks.map(({ series, horizon, set: { targets } }) => ({
        values: Float64Array.from(
          { length: horizon * targets.length },
          (_, at) => series.values[series.values.length - targets.length + (at % targets.length)] - 1,
        ),
        quantiles: null,
      })),
  };

  it('warns where a baseline is better, and pools no figure with a unit over columns', async () => {
    const plan = { holdout: 12, horizon: 4, stride: 4 };
    const one = await evaluateForecaster(setOf([60]), model, plan);
    expect(one.warnings.join()).toContain('the baseline drift forecasts the hold-out better than the model');
    expect(evaluationText(one).split('\n')[0]).toContain('MAE');
    const two = await evaluateForecaster(setOf([60], ['a', 'b']), model, plan);
    const [head, ...lines] = evaluationText(two).split('\n');
    expect(head).not.toContain('MAE  ');
    expect(lines.join('\n')).toMatch(/all {5}a {7}model/);
  });
});
