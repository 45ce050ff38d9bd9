import type { FitConfig } from '@onda/contract';
import type { ForecastReport } from '@onda/series';
import { shareWithin } from '../fit/drawnBand.ts';
import { parityTable } from '../export/compare.ts';
import { durationText } from '../progressLine.ts';
import type { FitReportData } from './fitReportData.ts';
import { frameStrip } from './frameStrip.ts';
import { generatedSection } from './generatedSection.ts';
import { chartColours, lineChart } from './lineChart.ts';
import type { Report, ReportSection } from './reportPage.ts';
import { firstFeature, isVideo, stripEvery } from './shownValues.ts';

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

/** The report of a fit: what was learnt from, how it went, what the net does by itself. */
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
      ...(data.parity.length > 0
        ? [
            {
              title: 'ONNX Runtime beside TensorFlow.js',
              text: 'Largest differences between the exported files and the net that was trained, on other batches and lengths than it was trained on.',
              table: parityTable(data.parity),
            },
          ]
        : []),
      ...(data.notes.length > 0 ? [{ title: 'Where it went', text: data.notes.join(' ') }] : []),
    ],
    footer: `Made by Onda on ${data.created.toISOString()}.`,
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
      note: `${number((data.seconds * 1000) / losses.length)} ms a step`,
    },
    { label: 'parameters', value: String(data.parameters) },
  ];
  if (forecast) {
    figures.push({
      label: 'error held back (rmse)',
      value: number(forecast.forecast.rmse),
      note: `naive forecast ${number(forecast.naive.rmse)}`,
    });
  } else if (demonstration.truth && generated.length > 0 && data.band === null) {
    const first = Math.min(demonstration.time, demonstration.samples) * data.features;
    figures.push({
      label: 'closed loop off by',
      value: number(
        largestDifference(generated[0].values.subarray(0, first), demonstration.truth.subarray(0, first)),
      ),
      note: `at most, over the first ${first / data.features} samples`,
    });
  }
  if (data.band && demonstration.truth) {
    figures.push({
      label: 'truth within the band',
      value: `${Math.round(100 * shareWithin(data.band, demonstration.truth))} %`,
      note: `${data.band.within} of ${data.band.count} drawn continuations lie there`,
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
      { name: 'x', colour: chartColours.fed, y: firstFeature(first.x, features), dots },
      { name: 'y', colour: chartColours.wanted, y: firstFeature(first.y, features), dots },
    ],
    { xLabel: 'sample', yLabel: 'value', width: 1000 },
  );
  return {
    title: 'Data',
    pictures: [{ caption, svg, legend: legend(['x', chartColours.fed], ['y', chartColours.wanted]) }],
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
          { name: 'wanted', frames: y },
          { name: 'predicted', frames: prediction },
        ];
        return { caption, svg: frameStrip(rows, height, width, stripEvery), wide: true };
      }
      const svg = lineChart(
        [
          { name: 'x', colour: chartColours.fed, y: firstFeature(x, features) },
          { name: 'prediction', colour: chartColours.wanted, y: firstFeature(prediction, features) },
        ],
        { xLabel: 'sample', yLabel: 'value' },
      );
      return { caption, svg, legend: legend(['x', chartColours.fed], ['prediction', chartColours.wanted]) };
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
  const naiveName = isVideo(config) ? 'the same frame again' : 'the last value again';
  const row = (name: string, errors: typeof forecast): string[] => [
    name,
    number(errors.rmse),
    number(errors.mae),
    number(errors.mse),
  ];
  return {
    title: 'Held back from training',
    text: `Forecasts ${config.lag} sample${config.lag === 1 ? '' : 's'} ahead of ${samples} samples that were not trained on.`,
    table: {
      head: ['forecast', 'rmse', 'mae', 'mse'],
      rows: [row('this net', forecast), row(naiveName, naive)],
    },
  };
}
