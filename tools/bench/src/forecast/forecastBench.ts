import path from 'node:path';
import { ResultError } from '@onda/contract';
import type { EvaluationRow, Predictor } from '@onda/forecasting';
import { backtest, baseline, defaultLevels } from '@onda/forecasting';
import type { Bench, BenchRun, Measured } from '../bench.ts';
import { measureEach, parseOneOf } from '../bench.ts';
import type { Command } from '../processes.ts';
import { lastLine, nodeCommand, runProgram } from '../processes.ts';
import type { Missing } from '../python.ts';
import { peerCommand, peerPython } from '../python.ts';
import type { Goal } from '../report/goals.ts';
import type { Measurement } from '../report/measurement.ts';
import type { Table } from '../report/table.ts';
import type { Entry, ForecastWorkload } from './competitions.ts';
import { entriesOf, forecastWorkloads, readCompetitions, seriesSet } from './competitions.ts';
import type { ForecastAnswer, ForecastJob } from './forecastJob.ts';
import { readAnswer, writeJson } from './forecastJob.ts';

/** Time of Onda's fit of a frequency; the recurrent peers train as long as it took. */
const fitSeconds = { usual: 480, quick: 60 };

type Start = (files: readonly string[], say: (line: string) => void) => Promise<Command | Missing>;

/** Forecasters in processes of their own. */
const programs = {
  onda: (files) => Promise.resolve(nodeCommand('forecast/fitScript.ts', files)),
  'statsforecast-ets': (files, say) =>
    peerCommand('statsforecast', 'statsforecast_peer.py', ['ets', ...files], say),
  'statsforecast-theta': (files, say) =>
    peerCommand('statsforecast', 'statsforecast_peer.py', ['theta', ...files], say),
  'neuralforecast-lstm': (files, say) => neuralCommand('lstm', files, say),
  'neuralforecast-deepar': (files, say) => neuralCommand('deepar', files, say),
} satisfies Record<string, Start>;

/** Baselines of @onda/forecasting. */
const baselines = { 'seasonal-naive': 'seasonal-naive', 'onda-theta': 'theta' } as const;

const subjects = [...Object.keys(programs), ...Object.keys(baselines)];

/** PyTorch's environment with the packages of NeuralForecast beside it, so that PyTorch is installed once. */
async function neuralCommand(
  model: string,
  files: readonly string[],
  say: (line: string) => void,
): Promise<Command | Missing> {
  const packages = await peerPython('neuralforecast', say);
  if ('missing' in packages) return packages;
  const site = path.join(path.dirname(packages.python), 'site');
  return peerCommand('pytorch', 'neuralforecast_peer.py', [model, ...files, site], say);
}

const mase = { system: 'onda', relation: 'at most' } as const;

const goals: Goal[] = [
  ...forecastWorkloads.flatMap(({ name, recipe }): Goal[] => [
    { ...mase, work: new RegExp(`^${name} MASE$`), bound: recipe },
    { ...mase, work: new RegExp(`^${name} MASE$`), bound: 1, peer: { system: 'statsforecast-theta' } },
    { ...mase, work: new RegExp(`^${name} time$`), bound: 600 },
  ]),
  // DeepAR's published figure, and the best of the competition.
  { ...mase, work: /^tourism-monthly MASE$/, bound: 1.409 },
  { ...mase, work: /^tourism-monthly MASE$/, bound: 1.38 },
];

/** Onda's forecaster, exported as one file, and other systems on all series of a frequency of the Tourism and M3 competitions. */
export const forecastBench: Bench<ForecastWorkload> = {
  title: 'Forecasts of the competitions',
  workloads: () => forecastWorkloads.map(({ name }) => name),
  parseWorkload: (name) => parseOneOf(forecastWorkloads, name),
  subjects,
  peer: 'seasonal-naive',
  goals,
  measure: (run) => run.watched([], () => measureAll(run)),
};

async function measureAll(run: BenchRun<ForecastWorkload>): Promise<Measured> {
  const file = path.join(run.folder, 'competitions.json');
  const command = await peerCommand('competitions', 'competition_data.py', [file], run.say);
  if ('missing' in command)
    throw new ResultError(`forecast: expected the competitions' data, but ${command.missing}`);
  await runToEnd('competition_data.py', command);
  const data = readCompetitions(file);
  const parts = await measureEach(run, (workload) => measureWorkload(run, workload, data));
  const missing = [...new Set(parts.flatMap((part) => part.missing))];
  return {
    measurements: parts.flatMap((part) => part.measurements),
    tables: [choiceTable(parts)],
    notes: [
      'MASE: mean over series, scaled by the seasonal naive error of the history. CRPS: from the quantiles 0.1 to 0.9, over the same scale. Coverage: of the interval from 0.1 to 0.9.',
      'One run; another seed changes a MASE by 0.01 to 0.02.',
      ...missing,
    ],
    chart: null,
  };
}

interface WorkloadResult {
  workload: ForecastWorkload;
  measurements: Measurement[];
  choices: string[];
  /** Sentences on subjects that did not run. */
  missing: string[];
}

async function measureWorkload(
  { subjects: names, options, folder, say }: BenchRun<ForecastWorkload>,
  workload: ForecastWorkload,
  data: Record<string, Record<string, Entry[]>>,
): Promise<WorkloadResult> {
  const { name, period, related } = workload;
  const entries = entriesOf(data, workload);
  const horizon = entries[0].future.length;
  const others = related === undefined ? [] : entriesOf(data, { ...workload, competition: related });
  const job: ForecastJob = {
    ...{ period, horizon, levels: defaultLevels, seconds: fitSeconds[options.quick ? 'quick' : 'usual'] },
    series: entries.map(({ history }) => history),
    related: others.map(({ history, future }) => [...history, ...future]),
  };
  const result: WorkloadResult = { workload, measurements: [], choices: [], missing: [] };
  for (const subject of names) {
    say(`${name}: ${subject}`);
    const before = performance.now();
    let answer: ForecastAnswer | undefined;
    if (subject in programs) {
      const files = ['job', 'answer'].map((part) => path.join(folder, `${name}-${subject}-${part}.json`));
      writeJson(files[0], job);
      const command = await programs[subject as keyof typeof programs](files, say);
      if ('missing' in command) {
        result.missing.push(`${subject} did not run: ${command.missing}`);
        continue;
      }
      await runToEnd(subject, command);
      answer = readAnswer(files[1]);
      if (subject === 'onda') job.seconds = answer.seconds;
      result.choices.push(...(answer.choices ?? []));
    }
    const predictor =
      answer === undefined
        ? baseline(baselines[subject as keyof typeof baselines])
        : answered(subject, answer);
    const { rows } = await backtest(seriesSet(entries, period, 'whole'), [predictor], {
      holdout: horizon,
      horizon,
    });
    result.measurements.push(
      ...measurementsOf(name, subject, rows[0], answer?.seconds ?? (performance.now() - before) / 1000),
    );
  }
  return result;
}

/** @throws ResultError with the last line of a program that failed */
async function runToEnd(name: string, command: Command): Promise<void> {
  const { code, stdout, stderr } = await runProgram(command);
  if (code === 0) return;
  throw new ResultError(
    `${name}: expected exit code 0, got ${code}: ${lastLine(stdout, stderr)}; run the bench without it`,
  );
}

/** The forecasts of an answer, in the order of the series. */
function answered(name: string, { forecasts }: ForecastAnswer): Predictor {
  const middle = defaultLevels.indexOf(0.5);
  return {
    ...{ name, levels: defaultLevels },
    predict: () =>
      forecasts.map((steps) => ({
        values: Float64Array.from(steps, (levels) => levels[middle]),
        quantiles: Float64Array.from(steps.flat()),
      })),
  };
}

function measurementsOf(
  workload: string,
  subject: string,
  row: EvaluationRow,
  seconds: number,
): Measurement[] {
  const figures: [metric: string, unit: string, value: number | null][] = [
    ['MASE', 'MASE', row.mase],
    ['sMAPE', '%', row.smape],
    ['CRPS', 'scaled', row.scaledCrps],
    ['coverage', 'share', row.coverage80],
    ['time', 's', seconds],
  ];
  return figures.map(([metric, unit, value]) => ({
    ...{ workload, metric: ` ${metric}`, subject, unit },
    values: value === null ? [] : [value],
  }));
}

function choiceTable(parts: readonly WorkloadResult[]): Table {
  return {
    title: "Onda's choices",
    head: ['work', 'choice'],
    rows: parts.flatMap(({ workload, choices }) => choices.map((choice) => [workload.name, choice])),
  };
}
