import { InferenceSession, Tensor } from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import type { SeriesSet } from '@onda/series';
import { openWasmBackend } from '@onda/kernels';
import { createRandom } from '@onda/series';
import { checkModel, readModel } from '@onda/exporter';
import { forecasterFile } from '../src/forecasterFile.ts';
import { onnxPredictor } from '../src/onnxPredictor.ts';
import { forecastColumns } from '../src/season/seasonModel.ts';
import type { SeasonModel } from '../src/season/seasonModel.ts';
import { SeasonNet } from '../src/season/seasonNet.ts';
import type { SeasonSpec } from '../src/season/seasonSpec.ts';
import { seasonWeights } from '../src/season/seasonSpec.ts';

/** Relative difference of a forecast in float32 from one whose inputs and Theta are float64; measured up to 4e-6. */
const FORECAST_RTOL = 4e-5;

beforeAll(async () => {
  await openWasmBackend();
});

const spec = (part: Partial<SeasonSpec>): SeasonSpec => ({
  ...{ period: 12, seasons: 4, horizon: 18, units: 6, decoderUnits: 5, levels: [0.1, 0.5, 0.9] },
  ...{ normalize: true, transform: 'log' as const },
  ...part,
});

/** An ensemble of two whose weights are all random. */
function randomModel(of: SeasonSpec, theta: number): SeasonModel {
  const random = createRandom(7);
  const member = (): SeasonNet =>
    new SeasonNet(
      of,
      seasonWeights(of).map(({ name, shape }) =>
        Float32Array.from(
          { length: shape.reduce((size, dim) => size * dim, 1) },
          () => (name.startsWith('linear') ? 0.02 : 0.3) * random.normal(),
        ),
      ),
    );
  return { spec: of, members: [member(), member()], theta };
}

/** Positive values with a season, a trend and noise. */
function history(length: number, period: number, seed: number): Float64Array {
  const random = createRandom(seed);
  return Float64Array.from(
    { length },
    (_, index) =>
      (100 + index) *
      (1 + 0.4 * Math.sin((2 * Math.PI * index) / Math.max(period, 7))) *
      Math.exp(0.05 * random.normal()),
  );
}

async function openFile(model: SeasonModel, targets: number): Promise<ReturnType<typeof onnxPredictor>> {
  const file = forecasterFile(model, targets);
  expect(checkModel(readModel(file.bytes))).toEqual([]);
  const session = await InferenceSession.create(file.bytes, { logSeverityLevel: 4 });
  expect(session.inputNames).toEqual(['x']);
  expect(session.outputNames).toEqual(['y']);
  return onnxPredictor(async (x, dims) => {
    const { y } = await session.run({ x: new Tensor('float32', x, dims) });
    return y.data as Float32Array;
  }, file.forecaster);
}

function setOf(columns: readonly Float64Array[], period: number): SeriesSet {
  const { length } = columns[0];
  const values = Float64Array.from(
    { length: length * columns.length },
    (_, at) => columns[at % columns.length][Math.floor(at / columns.length)],
  );
  return {
    targets: columns.map((_, index) => `c${index}`),
    covariates: [],
    series: [{ id: 's', length, values, covariates: new Float64Array(0), times: null }],
    ...{ step: null, period, notes: [] },
  };
}

const cases: [name: string, part: Partial<SeasonSpec>, theta: number, lengths: number[]][] = [
  ['months, logarithms, Theta', {}, 0.5, [12, 25, 30, 47, 48, 100, 400]],
  ['months without Theta', { normalize: false }, 0, [12, 48, 60]],
  ['quarters, standardized', { period: 4, horizon: 8, transform: 'standard' }, 0.25, [4, 9, 16, 80]],
  ['years', { period: 1, seasons: 6, horizon: 6 }, 0.75, [2, 5, 6, 40, 300]],
  [
    'weeks of days, standardized',
    { period: 7, seasons: 3, horizon: 10, transform: 'standard' },
    1,
    [7, 15, 22, 90],
  ],
];

describe(forecasterFile, () => {
  it.each(cases)('forecasts as the network does: %s', async (_, part, theta, lengths) => {
    const model = randomModel(spec(part), theta);
    const { period, horizon, levels } = model.spec;
    const file = await openFile(model, 1);
    for (const length of lengths) {
      const column = history(length, period, length);
      const [expected] = forecastColumns(model, [column]);
      const set = setOf([column], period);
      const [{ quantiles, values }] = await file.predict([{ set, series: set.series[0], horizon }]);
      for (const [at, value] of expected.entries()) {
        const difference = Math.abs(quantiles![at] - value) / Math.abs(value);
        expect(difference, `length ${length}, value ${at}`).toBeLessThan(FORECAST_RTOL);
      }
      expect(values[0]).toBe(quantiles![levels.length >> 1]);
    }
    for (const member of model.members) member.dispose();
  });

  it('forecasts each column by itself, and the same for any number of samples before the window', async () => {
    const model = randomModel(spec({}), 0.5);
    const columns = [3, 4].map((seed) => history(200, 12, seed));
    const file = await openFile(model, 2);
    const set = setOf(columns, 12);
    const short = setOf(
      columns.map((column) => column.subarray(-150)),
      12,
    );
    const [whole, cut] = await file.predict(
      [set, short].map((one) => ({ set: one, series: one.series[0], horizon: 5 })),
    );
    expect(cut).toEqual(whole);
    const expected = forecastColumns(model, columns);
    for (let step = 0; step < 5; step++) {
      for (const target of [0, 1]) {
        const value = expected[target][step * 3 + 1];
        expect(Math.abs(whole.values[step * 2 + target] - value) / value).toBeLessThan(FORECAST_RTOL);
      }
    }
    for (const member of model.members) member.dispose();
  });

  it('forecasts histories of zeros and of one value without NaN', async () => {
    for (const transform of ['log', 'standard'] as const) {
      const model = randomModel(spec({ transform }), 0.5);
      const file = await openFile(model, 1);
      for (const value of [0, 5]) {
        const set = setOf([new Float64Array(60).fill(value)], 12);
        const [{ quantiles }] = await file.predict([{ set, series: set.series[0], horizon: 18 }]);
        expect(quantiles!.every(Number.isFinite), `${transform} of ${value}`).toBe(true);
      }
      for (const member of model.members) member.dispose();
    }
  });
});
