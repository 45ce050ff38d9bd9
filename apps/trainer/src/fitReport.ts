import type { FitConfig, ParityRow } from '@onda/contract';
import type { ForecastReport } from '@onda/series';
import { chartColours, frameStrip, lineChart } from './charts.ts';
import type { EvaluationView } from './evaluation/evaluationReport.ts';
import { evaluationSections } from './evaluation/evaluationReport.ts';
import { parityTable } from './export/compare.ts';
import type { Demonstration, DrawnBand } from './fit/demonstration.ts';
import { shareWithin } from './fit/demonstration.ts';
import type { Report, ReportSection } from './reportPage.ts';
import { durationText } from './terminal.ts';

/** Input, target and prediction of a step before its update, for the first sequence of the batch, in the units of the data. */
export interface StepPicture {
  step: number;
  /** [time, features] */
  x: Float32Array;
  /** [time, outputs] */
  y: Float32Array;
  /** [time, outputs] */
  prediction: Float32Array;
}

/** Values generated after the prompt of the demonstration, and by which system. */
export interface GeneratedValues {
  by: string;
  /** [samples, outputs] */
  values: Float32Array;
}

interface FitReportData {
  config: FitConfig;
  features: number;
  parameters: number;
  backend: string;
  seconds: number;
  losses: ArrayLike<number>;
  pictures: readonly StepPicture[];
  demonstration: Demonstration;
  generated: readonly GeneratedValues[];
  /** Prediction band of a probabilistic net. */
  band: DrawnBand | null;
  forecast: ForecastReport | null;
  parity: readonly ParityRow[];
  /** The backtest of the exported files. */
  evaluation: EvaluationView | null;
  /** Sentences on other outputs, such as the path of the model. */
  notes: readonly string[];
  created: Date;
}

const lossNames = {
  mse: 'mean squared error',
  mae: 'mean absolute error',
  huber: 'Huber loss',
  gaussian: 'negative log-likelihood, normal',
  quantile: 'quantile loss',
} as const satisfies Record<FitConfig['training']['loss'], string>;

const number = (value: number): string => (value === 0 ? '0' : value.toPrecision(3));

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i])), 0);
}

/** The report of a fit: data, predictions during training, loss, generated values, hold-out errors. */
export function fitReport(data: FitReportData): Report {
  const { config, losses } = data;
  return {
    title: config.name,
    subtitle: `${config.net.layers === 1 ? 'One' : String(config.net.layers)} ${config.net.cell.toUpperCase()} layer${config.net.layers === 1 ? '' : 's'} of ${config.net.units} units and a linear read-out, ${losses.length} steps on the ${data.backend} backend, seed ${config.seed}.`,
    figures: keyFigures(data),
    sections: [
      dataSection(data),
      predictionSection(data),
      lossSection(data),
      generatedSection(data),
      ...(data.forecast ? [forecastSection(data.forecast, config)] : []),
      ...(data.evaluation ? evaluationSections(data.evaluation) : []),
      ...(data.parity.length > 0
        ? [
            {
              title: 'ONNX Runtime against TensorFlow.js',
              text: 'Largest differences between the exported files and the trained net, for other batch sizes and lengths than in training.',
              table: parityTable(data.parity),
            },
          ]
        : []),
      ...(data.notes.length > 0 ? [{ title: 'Output', text: data.notes.join(' ') }] : []),
    ],
    footer: `Created by Onda on ${data.created.toISOString()}.`,
  };
}

function keyFigures(data: FitReportData): Report['figures'] {
  const { losses, forecast, demonstration, generated } = data;
  const figures = [
    {
      label: 'loss of the last step',
      value: number(losses[losses.length - 1]),
      note: lossNames[data.config.training.loss],
    },
    {
      label: 'training',
      value: durationText(data.seconds),
      note: `${number((data.seconds * 1000) / losses.length)} ms per step`,
    },
    { label: 'parameters', value: String(data.parameters) },
  ];
  if (forecast) {
    figures.push({
      label: 'hold-out RMSE',
      value: number(forecast.forecast.rmse),
      note: `naive forecast ${number(forecast.naive.rmse)}`,
    });
  } else if (demonstration.truth && generated.length > 0 && data.band === null) {
    const first = Math.min(demonstration.time, demonstration.samples) * data.features;
    figures.push({
      label: 'closed-loop error',
      value: number(
        largestDifference(generated[0].values.subarray(0, first), demonstration.truth.subarray(0, first)),
      ),
      note: `maximum over the first ${first / data.features} samples`,
    });
  }
  if (data.band && demonstration.truth) {
    figures.push({
      label: 'true values in the band',
      value: `${Math.round(100 * shareWithin(data.band, demonstration.truth))} %`,
      note: `which holds ${data.band.within} of ${data.band.count} drawn continuations`,
    });
  }
  if (data.parity.length > 0) {
    const worst = Math.max(...data.parity.map((row) => row.maxAbs));
    figures.push({ label: 'ONNX against TF.js', value: worst.toExponential(1), note: 'largest difference' });
  }
  return figures;
}

const legend = (...entries: [string, string][]): { name: string; colour: string }[] =>
  entries.map(([name, colour]) => ({ name, colour }));

function dataSection({ config, pictures, features }: FitReportData): ReportSection {
  const [first] = pictures;
  const caption = `Step ${first.step}: x and y, which is x ${config.lag} sample${config.lag === 1 ? '' : 's'} later`;
  if (isVideo(config)) {
    const { height, width } = config.data;
    const rows = [
      { name: 'x', frames: first.x },
      { name: 'y', frames: first.y },
    ];
    return { title: 'Data', pictures: [{ caption, svg: frameStrip(rows, height, width, stripEvery) }] };
  }
  const dots = first.x.length / features <= 60;
  const svg = lineChart(
    [
      { name: 'x', colour: chartColours.input, y: firstFeature(first.x, features), dots },
      { name: 'y', colour: chartColours.prediction, y: firstFeature(first.y, features), dots },
    ],
    { xLabel: 'sample', yLabel: 'value', width: 1000 },
  );
  return {
    title: 'Data',
    pictures: [{ caption, svg, legend: legend(['x', chartColours.input], ['y', chartColours.prediction]) }],
  };
}

function predictionSection({ config, pictures, features }: FitReportData): ReportSection {
  return {
    title: `Prediction every ${config.training.pictureEvery} steps`,
    text: 'Input and prediction before the update of that step.',
    pictures: pictures.map(({ step, x, y, prediction }) => {
      const caption = `Step ${step}`;
      if (isVideo(config)) {
        const { height, width } = config.data;
        const rows = [
          { name: 'target', frames: y },
          { name: 'predicted', frames: prediction },
        ];
        return { caption, svg: frameStrip(rows, height, width, stripEvery), wide: true };
      }
      const svg = lineChart(
        [
          { name: 'x', colour: chartColours.input, y: firstFeature(x, features) },
          { name: 'prediction', colour: chartColours.prediction, y: firstFeature(prediction, features) },
        ],
        { xLabel: 'sample', yLabel: 'value', width: 480, height: 220 },
      );
      return {
        caption,
        svg,
        legend: legend(['x', chartColours.input], ['prediction', chartColours.prediction]),
      };
    }),
  };
}

function lossSection({ losses, config }: FitReportData): ReportSection {
  const svg = lineChart([{ name: 'loss', colour: chartColours.loss, y: losses }], {
    xLabel: 'step',
    yLabel: lossNames[config.training.loss],
    logarithmic: Array.from(losses).every((loss) => loss > 0),
    width: 1000,
  });
  return { title: 'Loss', pictures: [{ caption: 'Loss of each step, before its update', svg }] };
}

function forecastSection({ forecast, naive, samples }: ForecastReport, config: FitConfig): ReportSection {
  const naiveName = isVideo(config) ? 'last frame repeated' : 'last value repeated';
  const row = (name: string, errors: typeof forecast): string[] => [
    name,
    number(errors.rmse),
    number(errors.mae),
    number(errors.mse),
  ];
  return {
    title: 'Hold-out',
    text: `Forecasts ${config.lag} sample${config.lag === 1 ? '' : 's'} ahead on ${samples} samples that were not used for training.`,
    table: {
      head: ['forecast', 'rmse', 'mae', 'mse'],
      rows: [row('this net', forecast), row(naiveName, naive)],
    },
  };
}

/** Values generated after a prompt, the true values, and the prediction band of a probabilistic net. */
function generatedSection({
  config,
  demonstration,
  generated,
  band,
  features,
}: FitReportData): ReportSection {
  const { truth, samples, time, prompt } = demonstration;
  const title = 'Generated';
  const fed = band === null ? 'its own predictions' : 'values drawn from its predicted distribution';
  const text = `The net gets a prompt of ${time} samples, then ${fed} as input for ${samples} samples.`;
  if (isVideo(config)) {
    const { height, width } = config.data;
    const rows = [
      ...(truth ? [{ name: 'true', frames: truth }] : []),
      ...generated.map(({ by, values }) => ({ name: by, frames: values })),
    ];
    return {
      title,
      text,
      pictures: [
        { caption: `Frames after the first ${time}`, svg: frameStrip(rows, height, width, stripEvery) },
      ],
    };
  }
  const shown = Math.min(time, Math.max(20, samples));
  const after = Float64Array.from({ length: samples }, (_, i) => i);
  const lines = [
    {
      name: 'prompt',
      colour: chartColours.input,
      x: Float64Array.from({ length: shown }, (_, i) => i - shown),
      y: firstFeature(prompt, features).slice(-shown),
    },
    ...(truth
      ? [
          {
            name: 'true',
            colour: chartColours.truth,
            x: after,
            y: firstFeature(truth, features),
            dashed: true,
          },
        ]
      : []),
    ...generated.map(({ by, values }) => ({
      name: by,
      colour: chartColours.prediction,
      x: after,
      y: firstFeature(values, features),
    })),
  ];
  return {
    title,
    text:
      band === null
        ? text
        : `${text} The band holds ${band.within} of ${band.count} drawn continuations at each sample.`,
    pictures: [
      {
        caption: 'Closed loop',
        svg: lineChart(lines, {
          xLabel: 'samples after the prompt',
          yLabel: 'value',
          width: 1000,
          ...(band && {
            bands: [
              {
                colour: chartColours.band,
                x: after,
                low: firstFeature(band.low, features),
                high: firstFeature(band.high, features),
              },
            ],
          }),
        }),
        legend: [
          ...lines.map(({ name, colour }) => ({ name, colour })),
          ...(band ? [{ name: `${band.within} of ${band.count} drawn`, colour: chartColours.band }] : []),
        ],
      },
    ],
  };
}

/** Whether the values are pixels of frames. */
const isVideo = (
  config: FitConfig,
): config is FitConfig & { data: { kind: 'video-clips'; height: number; width: number } } =>
  config.data.kind === 'video-clips';

/** Every second frame keeps a strip of 50 readable. */
const stripEvery = 2;

/** The first feature of [samples, features], for line charts. */
function firstFeature(values: Float32Array, features: number): Float32Array {
  return values.filter((_, i) => i % features === 0);
}
