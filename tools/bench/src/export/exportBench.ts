import path from 'node:path';
import { ResultError } from '@onda/contract';
import { openBackend } from '@onda/tfjs-native';
import type { Bench, BenchRun, Measured } from '../bench.ts';
import { measureEach, parseOneOf } from '../bench.ts';
import { dotChart } from '../report/chart.ts';
import type { Goal } from '../report/goals.ts';
import type { Measurement } from '../report/measurement.ts';
import type { Table } from '../report/table.ts';
import { interleavedRounds } from '../rounds.ts';
import type { ExportSubject, SubjectName } from './exportSubjects.ts';
import { exportPeak, subjectNames, withSubjects } from './exportSubjects.ts';
import type { ExportWorkload } from './exportWorkloads.ts';
import { exportWorkloads } from './exportWorkloads.ts';
import type { Sample } from './modelFiles.ts';
import { contentsOf, drawWeights, LoadedFile, sampleOf, writeLayersModel } from './modelFiles.ts';

/** Conversions of each model by Onda and by the others (minutes in all), and rounds of inference. */
const plans = {
  usual: { ours: 5, others: 1, inferenceRounds: 7 },
  quick: { ours: 2, others: 1, inferenceRounds: 3 },
};

const quickWorkloads = ['rnn-32', 'lstm-64', 'lstm-10-million'];

const peers: SubjectName[] = ['python-keras', 'python-graph'];
const ours = { system: 'onda', relation: 'at most' } as const;

const goals: Goal[] = [
  { work: / supported$/, system: 'onda', relation: 'at least', bound: 1 },
  { ...ours, work: /^(?!lstm-10-million).* inside$/, bound: 0.05 },
  { ...ours, work: /^lstm-10-million inside$/, bound: 1 },
  { ...ours, work: /^(?!lstm-10-million).* command$/, bound: 1 },
  { ...ours, work: / loops$/, bound: 0 },
  { ...ours, work: / difference$/, bound: 1e-5 },
  // Weights in ONNX's order and the file: two sizes, and a twentieth for names and whole pages.
  { ...ours, work: /^peak memory$/, bound: 2.05 },
  ...peers.flatMap((system): Goal[] => [
    { ...ours, work: / nodes$/, bound: 1, peer: { system } },
    // The time of one file differs by a twentieth between runs.
    { ...ours, work: / inference$/, bound: 1.05, peer: { system } },
  ]),
];

/**
 * Onda's exporter and both Python converters on recurrent models of TensorFlow.js: which models they convert, what the files contain and
 * compute, and how long a conversion and a run of the file take.
 */
export const exportBench: Bench<ExportWorkload> = {
  title: 'From a TensorFlow.js model to an ONNX file',
  workloads: ({ quick }) => (quick ? quickWorkloads : exportWorkloads.map(({ name }) => name)),
  parseWorkload: (name) => parseOneOf(exportWorkloads, name),
  subjects: subjectNames,
  peer: 'python-keras',
  goals,
  measure: async (run) => {
    await openBackend({ want: 'wasm' });
    return withSubjects(run.subjects as SubjectName[], run.say, (subjects, pids, notes) =>
      run.watched(pids, () => measureAll(run, subjects, notes)),
    );
  },
};

interface Conversions {
  workload: ExportWorkload;
  weights: number;
  measurements: Measurement[];
  /** What subjects that did not convert the model said. */
  refusals: { subject: string; reason: string }[];
}

async function measureAll(
  run: BenchRun<ExportWorkload>,
  subjects: readonly ExportSubject[],
  notes: readonly string[],
): Promise<Measured> {
  const parts = await measureEach(run, (workload) => {
    const tried = subjects.filter(({ name }) => workload.onlyOnda !== true || name === 'onda');
    return measureWorkload(run, workload, tried);
  });
  const measurements = [...parts.flatMap((part) => part.measurements), ...(await peakMemory(run))];
  return {
    measurements,
    tables: [...refusalTables(parts), modelTable(parts)],
    notes: [
      ...notes,
      'As a command: processes from start to exit; Onda also compares the file with TensorFlow.js and writes the model folder. Inside: from file to file in a process that has converted before.',
    ],
    chart: dotChart(measurements, ' command', {
      alt: 'Seconds from a TensorFlow.js model to an ONNX file as a command, by model and system; the dashed line is the goal',
      xLabel: 'seconds from file to file, as a command',
      bound: 1,
    }),
  };
}

async function measureWorkload(
  { options, folder }: BenchRun<ExportWorkload>,
  workload: ExportWorkload,
  subjects: readonly ExportSubject[],
): Promise<Conversions> {
  const plan = plans[options.quick ? 'quick' : 'usual'];
  const model = workload.build();
  drawWeights(model, 1);
  const { file, weightBytes } = await writeLayersModel(model, path.join(folder, workload.name));
  const sample = sampleOf(model, workload);
  model.dispose();
  const measurements: Measurement[] = [];
  const refusals: Conversions['refusals'] = [];
  const files = new Map<SubjectName, string>();
  for (const subject of subjects) {
    const times = subject.name === 'onda' ? (options.rounds ?? plan.ours) : plan.others;
    const result = await convert(subject, file, path.join(folder, workload.name, subject.name), times);
    const add = (metric: string, unit: string, values: readonly number[]): void => {
      measurements.push({
        workload: workload.name,
        metric: ` ${metric}`,
        subject: subject.name,
        unit,
        values,
      });
    };
    if ('refused' in result) {
      add('supported', 'models', [0]);
      refusals.push({ subject: subject.name, reason: result.refused });
      continue;
    }
    const { nodes, loops, bytes } = contentsOf(result.file);
    add('command', 's', result.command);
    add('inside', 's', result.inside);
    add('inside, first', 's', [result.first]);
    add('supported', 'models', [1]);
    add('nodes', 'nodes', [nodes]);
    add('loops', 'nodes', [loops]);
    add('file', 'bytes', [bytes]);
    files.set(subject.name, result.file);
  }
  measurements.push(...(await runFiles(workload.name, files, sample, plan.inferenceRounds)));
  return { workload, weights: weightBytes / 4, measurements, refusals };
}

interface Conversion {
  file: string;
  command: number[];
  inside: number[];
  /** The first conversion inside the process, which warms up. */
  first: number;
}

async function convert(
  subject: ExportSubject,
  model: string,
  folder: string,
  times: number,
): Promise<Conversion | { refused: string }> {
  try {
    const warm = await subject.inside(model, path.join(folder, 'inside'));
    const inside: number[] = [];
    const command: number[] = [];
    for (let time = 0; time < times; time++) {
      inside.push((await subject.inside(model, path.join(folder, 'inside'))).seconds);
      command.push((await subject.command(model, path.join(folder, 'command'))).seconds);
    }
    return { file: warm.file, command, inside, first: warm.seconds };
  } catch (error) {
    if (!(error instanceof ResultError)) throw error;
    return {
      refused: error.message.replace(/^worker [a-z]+: /, '').replace(/; run the bench without.*$/, ''),
    };
  }
}

/** Values and times of the files in onnxruntime-node, in interleaved rounds. */
async function runFiles(
  workload: string,
  files: ReadonlyMap<SubjectName, string>,
  sample: Sample,
  rounds: number,
): Promise<Measurement[]> {
  const loaded: { name: SubjectName; file: LoadedFile; run: (steps: number) => Promise<number> }[] = [];
  for (const [name, path] of files) {
    const file = await LoadedFile.open(path, sample);
    loaded.push({ name, file, run: (steps) => file.time(steps) });
  }
  const times = await interleavedRounds(loaded, { rounds, targetMs: 100, slowRounds: rounds });
  const measurements: Measurement[] = [];
  for (const { name: subject, file } of loaded) {
    const difference = await file.difference(sample);
    measurements.push(
      { workload, metric: ' difference', subject, unit: 'relative', values: [difference] },
      { workload, metric: ' inference', subject, unit: 'ms', values: times.get(subject) ?? [] },
    );
    await file.close();
  }
  return measurements;
}

/** Peak memory of the largest model's export; beside a small model the program's own memory dominates. */
async function peakMemory({ workloads, subjects, folder }: BenchRun<ExportWorkload>): Promise<Measurement[]> {
  const largest = workloads.find(({ onlyOnda }) => onlyOnda);
  if (largest === undefined || !subjects.includes('onda')) return [];
  const modelFile = ({ name }: ExportWorkload): string => path.join(folder, name, 'model.json');
  const ratio = await exportPeak(modelFile(largest), modelFile(workloads[0]));
  if (ratio === null) return [];
  return [{ workload: 'peak memory', metric: '', subject: 'onda', unit: 'weights', values: [ratio] }];
}

function refusalTables(parts: readonly Conversions[]): Table[] {
  const rows = parts.flatMap(({ workload, refusals }) =>
    refusals.map(({ subject, reason }) => [
      ...[workload.name, subject, reason.replaceAll('|', '/').slice(0, 160)],
    ]),
  );
  return rows.length === 0 ? [] : [{ title: 'Not converted', head: ['work', 'system', 'message'], rows }];
}

function modelTable(parts: readonly Conversions[]): Table {
  return {
    title: 'The models',
    head: ['work', 'model', 'weights'],
    rows: parts.map(({ workload: { name, about }, weights }) => [name, about, String(weights)]),
  };
}
