import type { Backtest, EvaluationRow, OriginForecast } from '@onda/forecasting';
import { isOverall } from '@onda/forecasting';
import type { Series, SeriesSet } from '@onda/series';
import type { ChartBand, ChartLine } from '../charts.ts';
import { chartColours, histogram, lineChart } from '../charts.ts';
import type { ReportSection } from '../reportPage.ts';

/** Columns of series with pictures of their own. */
const mostPictures = 6;

/** Points of a line: more would not be visible. */
const mostPoints = 1500;

/** Colours of the baselines, in the order of the rows. */
const baselineColours = ['#8a8f98', '#2f855a', '#b7791f', '#805ad5', '#c05621', '#319795'];

/** The colour of each forecaster. */
function colourOf(forecaster: string, names: readonly string[]): string {
  if (forecaster === 'model') return chartColours.prediction;
  const place = names.filter((name) => name !== 'model').indexOf(forecaster);
  return baselineColours[place % baselineColours.length];
}

/** Numbers of a table: four digits. */
const number = (value: number | null): string => {
  if (value === null) return '';
  if (value === 0) return '0';
  return Math.abs(value) >= 10_000 || Math.abs(value) < 0.001 ? value.toExponential(3) : value.toPrecision(4);
};

/**
 * The forecasters beside each other: means over the whole hold-out, the best first. Several columns may have different units: then only
 * figures without a unit are shown.
 */
export function comparisonTable(rows: readonly EvaluationRow[]): { head: string[]; rows: string[][] } {
  const overall = rows.filter(isOverall).sort((a, b) => (a.mase ?? a.mae) - (b.mase ?? b.mae));
  const units = rows.some(({ column }) => column !== undefined);
  const ofUnit = (...cells: string[]): string[] => (units ? [] : cells);
  return {
    head: ['forecaster', 'MASE', ...ofUnit('MAE', 'RMSE'), 'sMAPE %', ...ofUnit('CRPS'), 'within 80 %'],
    rows: overall.map((row) => [
      row.forecaster,
      number(row.mase),
      ...ofUnit(number(row.mae), number(row.rmse)),
      number(row.smape),
      ...ofUnit(number(row.crps)),
      row.coverage80 === null ? '' : `${Math.round(100 * row.coverage80)} %`,
    ]),
  };
}

/** The errors of each column or series, of the model and the naive forecasts: columns have their own units. */
export function partsTable(rows: readonly EvaluationRow[]): { head: string[]; rows: string[][] } | null {
  const parts = rows.filter(
    (row) =>
      row.horizon === 'all' &&
      !isOverall(row) &&
      ['model', 'last-value', 'seasonal-naive'].includes(row.forecaster),
  );
  if (parts.length === 0) return null;
  return {
    head: ['series', 'column', 'forecaster', 'MASE', 'MAE', 'RMSE', 'sMAPE %'],
    rows: parts.map((row) => [
      row.series ?? 'all',
      row.column ?? 'all',
      row.forecaster,
      number(row.mase),
      number(row.mae),
      number(row.rmse),
      number(row.smape),
    ]),
  };
}

/** What the sections show. */
export interface EvaluationView {
  set: SeriesSet;
  backtest: Backtest;
  holdout: number;
  horizon: number;
  /** Samples before the hold-out that validated the training. */
  validation?: number;
}

/** The sections of a report about data and hold-out: data, forecasts with intervals, errors by horizon, residuals. */
export function evaluationSections(view: EvaluationView): ReportSection[] {
  return [dataSection(view), forecastSection(view), errorSection(view), residualSection(view)];
}

/** One column of one series, and its name in captions. */
interface Column {
  series: Series;
  target: number;
  label: string;
}

function columnsOf({ set }: EvaluationView): Column[] {
  return set.series
    .flatMap((series) =>
      set.targets.map((name, target) => ({
        series,
        target,
        label: [
          ...(set.series.length > 1 ? [series.id] : []),
          ...(set.targets.length > 1 || set.series.length === 1 ? [name] : []),
        ].join(', '),
      })),
    )
    .slice(0, mostPictures);
}

/** Positions and values of the samples [from, to) of a column, thinned to what is visible. */
function samplesOf(
  { set }: EvaluationView,
  { series, target }: Column,
  from: number,
  to: number,
): { x: number[]; y: number[] } {
  const every = Math.ceil((to - from) / mostPoints);
  const places = Array.from({ length: Math.ceil((to - from) / every) }, (_, index) => from + index * every);
  return {
    x: places.map((place) => series.times?.[place] ?? place),
    y: places.map((place) => series.values[place * set.targets.length + target]),
  };
}

const axisOf = ({ set: { step } }: EvaluationView): { time: boolean; xLabel: string } =>
  step === null || step.unit === 'index' ? { time: false, xLabel: 'sample' } : { time: true, xLabel: 'time' };

function dataSection(view: EvaluationView): ReportSection {
  const { set, holdout, validation = 0 } = view;
  const shown = columnsOf(view);
  const total = set.series.length * set.targets.length;
  return {
    title: 'Data',
    text: `${set.series.length === 1 ? 'One series' : `${set.series.length} series`} of ${set.targets.length === 1 ? 'one column' : `${set.targets.length} columns`}, season of ${set.period} sample${set.period === 1 ? '' : 's'}. The last ${holdout} samples were held out${validation > 0 ? `, the ${validation} before them validated the training` : ''}.${total > shown.length ? ` The first ${shown.length} of ${total} are shown.` : ''}`,
    pictures: shown.map((column) => {
      const { length } = column.series;
      const end = length - holdout;
      const parts = [
        { name: 'training', colour: chartColours.truth, ...samplesOf(view, column, 0, end - validation) },
        ...(validation > 0
          ? [{ name: 'validation', colour: '#b7791f', ...samplesOf(view, column, end - validation - 1, end) }]
          : []),
        { name: 'hold-out', colour: chartColours.input, ...samplesOf(view, column, end - 1, length) },
      ];
      return {
        caption: column.label,
        wide: shown.length === 1,
        svg: lineChart(
          parts.map((part) => ({ ...part, width: 1.2 })),
          {
            ...axisOf(view),
            yLabel: set.targets[column.target],
            width: shown.length === 1 ? 1000 : 480,
            height: 240,
          },
        ),
        legend: parts.map(({ name, colour }) => ({ name, colour })),
      };
    }),
  };
}

/** Consecutive forecasts of the model, and the actual values. */
function forecastSection(view: EvaluationView): ReportSection {
  const { set, backtest, holdout, horizon } = view;
  const shown = columnsOf(view);
  const withIntervals = backtest.forecasts.some(
    ({ forecaster, quantiles }) => forecaster === 'model' && quantiles !== null,
  );
  return {
    title: 'Forecasts on the hold-out',
    text: `Each forecast of ${horizon} samples knows only the values before it.${withIntervals ? ' The band is the interval from the quantile 0.1 to 0.9: it should contain 80 % of the values.' : ''}`,
    pictures: shown.map((column) => {
      const { length } = column.series;
      const forecasts = consecutive(ownForecasts(view, column), horizon);
      const from = Math.max(0, length - holdout - 2 * horizon);
      const lines: ChartLine[] = [
        { name: 'value', colour: chartColours.truth, ...samplesOf(view, column, from, length), width: 1.4 },
        ...forecasts.map((forecast) => ({
          name: 'forecast',
          colour: chartColours.prediction,
          x: positionsOf(forecast, horizon),
          y: pick(forecast.values, set.targets.length, column.target),
          dots: horizon <= 24,
        })),
      ];
      return {
        caption: column.label,
        wide: shown.length === 1,
        svg: lineChart(lines, {
          ...axisOf(view),
          yLabel: set.targets[column.target],
          width: shown.length === 1 ? 1000 : 480,
          height: 280,
          bands: forecasts.flatMap((forecast) =>
            bandOf(forecast, horizon, set.targets.length, column.target),
          ),
        }),
        legend: [
          { name: 'value', colour: chartColours.truth },
          { name: 'forecast', colour: chartColours.prediction },
          ...(withIntervals ? [{ name: '80 % interval', colour: chartColours.band }] : []),
        ],
      };
    }),
  };
}

const ownForecasts = ({ backtest }: EvaluationView, { series }: Column): OriginForecast[] =>
  backtest.forecasts.filter((one) => one.forecaster === 'model' && one.series === series.id);

/** The forecasts that do not overlap, from the last one back. */
function consecutive(forecasts: readonly OriginForecast[], horizon: number): OriginForecast[] {
  const kept: OriginForecast[] = [];
  for (const forecast of [...forecasts].sort((a, b) => b.origin - a.origin)) {
    const next = kept.at(-1);
    if (next === undefined || forecast.origin <= next.origin - horizon) kept.push(forecast);
  }
  return kept.reverse();
}

/** Positions of the forecast samples. */
const positionsOf = ({ times, origin }: OriginForecast, horizon: number): number[] =>
  Array.from({ length: horizon }, (_, step) => times?.[step] ?? origin + step);

const pick = (values: Float64Array, width: number, target: number): Float64Array =>
  values.filter((_, index) => index % width === target);

function bandOf(forecast: OriginForecast, horizon: number, width: number, target: number): ChartBand[] {
  const { quantiles, levels } = forecast;
  const [low, high] = [0.1, 0.9].map((level) => levels.findIndex((one) => Math.abs(one - level) < 1e-9));
  if (quantiles === null || low < 0 || high < 0) return [];
  const at = (place: number): Float64Array =>
    pick(
      quantiles.filter((_, index) => index % levels.length === place),
      width,
      target,
    );
  return [{ colour: chartColours.band, x: positionsOf(forecast, horizon), low: at(low), high: at(high) }];
}

/** Errors by horizon beside the baselines, and the means. */
function errorSection({ backtest, horizon }: EvaluationView): ReportSection {
  const { rows } = backtest;
  const names = [...new Set(rows.map(({ forecaster }) => forecaster))];
  const steps = rows.filter(
    ({ horizon, series, column }) => horizon !== 'all' && series === undefined && column === undefined,
  );
  const measure = steps.some(({ mase }) => mase === null) ? ('mae' as const) : ('mase' as const);
  const lines = names.map((name) => {
    const own = steps.filter(({ forecaster }) => forecaster === name);
    return {
      name,
      colour: colourOf(name, names),
      width: name === 'model' ? 2.6 : 1.3,
      x: own.map(({ horizon }) => Number(horizon)),
      y: own.map((row) => row[measure] ?? NaN),
      dots: own.length <= 24,
    };
  });
  // The model is drawn last, on top.
  lines.sort((a, b) => Number(a.name === 'model') - Number(b.name === 'model'));
  return {
    title: 'Errors by horizon',
    text: 'MASE is the mean absolute error over that of the seasonal naive forecast before the hold-out; columns and series count equally. MAE and RMSE are in the units of the data.',
    pictures: [
      {
        caption: `${measure.toUpperCase()} by samples ahead`,
        wide: true,
        svg: lineChart(lines, {
          xLabel: 'samples ahead',
          yLabel: measure.toUpperCase(),
          width: 1000,
          height: 280,
          ...ticksOf(horizon),
        }),
        legend: names.map((name) => ({ name, colour: colourOf(name, names) })),
      },
    ],
    table: comparisonTable(rows),
  };
}

/** How the errors of the model are distributed, and their mean by horizon. */
function residualSection(view: EvaluationView): ReportSection {
  const { set, horizon } = view;
  const width = set.targets.length;
  return {
    title: 'Residuals',
    text: 'Value minus forecast. A mean far from 0 is a bias.',
    pictures: columnsOf(view).flatMap((column) => {
      const residuals = ownForecasts(view, column).map(({ actual, values }) =>
        pick(
          actual.map((value, index) => value - values[index]),
          width,
          column.target,
        ),
      );
      const all = residuals.flatMap((one) => Array.from(one));
      const meanOf = (list: readonly number[]): number =>
        list.reduce((sum, value) => sum + value, 0) / list.length;
      const means = Array.from({ length: horizon }, (_, step) => meanOf(residuals.map((one) => one[step])));
      const size = { width: 480, height: 220 };
      return [
        {
          caption: `${column.label}: mean ${number(meanOf(all))}`,
          svg: histogram(all, chartColours.prediction, {
            ...size,
            xLabel: 'value - forecast',
            yLabel: 'forecasts',
          }),
        },
        {
          caption: `${column.label}: mean by samples ahead`,
          svg: lineChart(
            [
              { name: 'zero', colour: chartColours.truth, x: [1, horizon], y: [0, 0], dashed: true },
              {
                name: 'mean',
                colour: chartColours.prediction,
                x: stepsOf(horizon),
                y: means,
                dots: horizon <= 24,
              },
            ],
            { ...size, xLabel: 'samples ahead', yLabel: 'mean residual', ...ticksOf(horizon) },
          ),
        },
      ];
    }),
  };
}

const stepsOf = (horizon: number): number[] => Array.from({ length: horizon }, (_, step) => step + 1);

/** A label for each step where they fit. */
const ticksOf = (horizon: number): { xTicks?: number[] } =>
  horizon <= 24 ? { xTicks: stepsOf(horizon) } : {};
