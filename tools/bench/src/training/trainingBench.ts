import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { CellKind } from '@onda/contract';
import { ResultError } from '@onda/contract';
import { gateCounts } from '@onda/kernels';
import type { Bench, BenchRun, Measured } from '../bench.ts';
import { measureEach } from '../bench.ts';
import type { NetWorkload } from '../netWorkload.ts';
import { firstJob, makeStart, parseNetWorkload } from '../netWorkload.ts';
import type { Command } from '../processes.ts';
import { lastLine, nodeCommand, runProgram } from '../processes.ts';
import type { Missing } from '../python.ts';
import { peerCommand } from '../python.ts';
import type { Agreement } from '../report/agreement.ts';
import { greatestDifference } from '../report/agreement.ts';
import type { LineChart } from '../report/chart.ts';
import type { Goal } from '../report/goals.ts';
import { dotChart } from '../report/chart.ts';
import type { Measurement } from '../report/measurement.ts';
import { median, roundRatios } from '../report/measurement.ts';
import type { RoundPlan } from '../rounds.ts';
import { interleavedRounds, planOf } from '../rounds.ts';
import type { OpenWorker, WorkerSubject } from '../workers.ts';
import { withWorkers } from '../workers.ts';

interface TrainingSubject extends WorkerSubject {
  /** The first job as a script, for `first-job-process`. */
  script?: (start: string) => Command | Promise<Command | Missing>;
  /** How many of the first losses must equal PyTorch's, where not all: the reason. */
  fewerLosses?: (cell: CellKind) => { losses: number; reason: string };
}

const subjects = {
  'onda-native': {
    about: "Onda on tfjs-node with Onda's kernels in C++",
    start: () => nodeCommand('training/ondaWorker.ts', ['tensorflow']),
    script: (start) => nodeCommand('training/firstJobScript.ts', [start, 'tensorflow']),
  },
  'onda-wasm': {
    about: "Onda's kernels in WebAssembly, one thread",
    start: () => nodeCommand('training/ondaWorker.ts', ['wasm']),
    script: (start) => nodeCommand('training/firstJobScript.ts', [start, 'wasm']),
  },
  pytorch: {
    about: 'PyTorch on the CPU: torch.nn layers, default Adam, default threads',
    start: (say) => peerCommand('pytorch', 'training.py', [], say),
    script: (start) => peerCommand('pytorch', 'first_job.py', [start], () => undefined),
  },
  'pytorch-fused': {
    about: 'the same with Adam(fused=True)',
    start: (say) => peerCommand('pytorch', 'training.py', ['--fused'], say),
  },
  'tfjs-node-layers': {
    about:
      "TensorFlow.js's own layers on tfjs-node, trained with optimizer.minimize (trainOnBatch is not faster)",
    start: () => nodeCommand('training/stockWorker.ts'),
    fewerLosses: (cell) =>
      cell === 'gru'
        ? {
            losses: 0,
            reason: "TensorFlow.js's GRU resets before the recurrent product, PyTorch's after it",
          }
        : { losses: 1, reason: 'one bias vector instead of two: Adam moves it half as far' },
  },
} satisfies Record<string, TrainingSubject>;

type SubjectName = keyof typeof subjects;
type Workers = readonly OpenWorker<SubjectName>[];

const PEER = 'pytorch';

const usualWorkloads = [
  firstJob,
  'rnn-128-32-50',
  'lstm-128-32-50',
  'gru-128-32-50',
  'lstm-51-97-999',
  'lstm2-256-64-100',
];

/** Shares of PyTorch's time before the kernels were shared with WebAssembly; 10 % more for the noise of the machine. */
const nativeShares: Record<string, number> = {
  'rnn-32-1-20': 0.14,
  'rnn-128-32-50': 0.32,
  'lstm-128-32-50': 0.79,
  'gru-128-32-50': 0.32,
  'lstm-51-97-999': 0.31,
  'lstm2-256-64-100': 0.75,
};
const NOISE = 1.1;

const goals: Goal[] = [
  ...Object.entries(nativeShares).map(([name, share]): Goal => ({
    ...{ work: new RegExp(`^${name}$`), system: 'onda-native', relation: 'at most' },
    ...{ bound: share * NOISE, peer: { system: PEER } },
  })),
  { work: /^rnn-32-1-20$/, system: 'onda-wasm', relation: 'at most', bound: 0.15, peer: { system: PEER } },
  { work: /^lstm-128-32-50$/, system: 'onda-wasm', relation: 'at most', bound: 6, peer: { system: PEER } },
  { work: /./, system: 'onda-wasm', relation: 'at most', bound: 1, peer: { system: 'tfjs-node-layers' } },
];

/** The first job as a process, from its start to its exit. */
const FIRST_JOB_PROCESS = 'first-job-process';

/** With `--scaling`: an LSTM of these sizes, of which one varies. */
const scaling = {
  base: { units: 128, batch: 32, samples: 50 },
  values: {
    units: [16, 32, 64, 128, 256, 512],
    batch: [1, 4, 16, 32, 64, 128, 256],
    samples: [10, 20, 50, 100, 200, 500, 1000, 2000],
  },
};

type Size = keyof typeof scaling.values;

const plans = {
  usual: { rounds: 7, targetMs: 500, slowRounds: 5 },
  quick: { rounds: 3, targetMs: 200, slowRounds: 2 },
};

/**
 * How far a loss may be from PyTorch's, relative. Over the first steps of a workload other orders of the sums make 1e-6; over the 100
 * of the first job 1.4e-5 (measured on two cores).
 */
const LOSS_RTOL = 1e-4;

/** Steps whose losses are compared: after the first, weights have moved. A slow subject stops after this time, but not before two. */
const compared = { steps: 5, ms: 5000 };

/** Answers of a training worker besides `hello`; peers/training.py gives the same. */
const answers = {
  /** `{"do": "prepare", "start": PATH}`: loads the network, weights and data of a start file; drops the previous ones. */
  prepare: z.strictObject({}),
  /** `{"do": "run", "steps": N}`: continues training. Milliseconds of all steps, and the loss of each step before its update. */
  run: z.strictObject({ ms: z.number().nonnegative(), losses: z.array(z.number()) }),
  /** `{"do": "product", "size": N, "steps": K}`: milliseconds of K products of two N by N float32 matrices. */
  product: z.strictObject({ ms: z.number().nonnegative() }),
};

/**
 * Milliseconds per training step (data to tensors, forward, backward, Adam, the loss kept) of Onda, PyTorch and TensorFlow.js's own
 * layers, on the same networks from the same weights and data.
 */
export const trainingBench: Bench<NetWorkload> = {
  title: 'Time of a training step',
  section: (options) => (options.scaling ? 'training-scaling' : 'training'),
  workloads: (options) => (options.scaling ? scalingWorkloads() : [...usualWorkloads, FIRST_JOB_PROCESS]),
  parseWorkload: (name) =>
    name === FIRST_JOB_PROCESS
      ? { ...parseNetWorkload('training', firstJob), name }
      : parseNetWorkload('training', name),
  subjects: Object.keys(subjects),
  usualSubjects: (options) =>
    options.scaling ? ['onda-native', PEER] : ['onda-native', 'onda-wasm', PEER, 'tfjs-node-layers'],
  peer: PEER,
  goals,
  measure: (run) =>
    withWorkers(subjects, run.subjects as SubjectName[], run.say, async (workers, notes) => ({
      ...(await measureAll(run, workers)),
      notes,
    })),
};

async function measureAll(run: BenchRun<NetWorkload>, workers: Workers): Promise<Omit<Measured, 'notes'>> {
  if (workers.length === 0) return { measurements: [] };
  const plan = planOf(run.options, plans);
  const pids = workers.map(({ worker }) => worker.pid);
  const parts = await run.watched(pids, () =>
    measureEach(run, (workload) =>
      workload.name === FIRST_JOB_PROCESS
        ? measureFirstJob(workload, workers, plan.rounds, run.folder)
        : measureWorkload(workload, workers, plan, run.folder),
    ),
  );
  const times = parts.flatMap((part) => part.times);
  return {
    measurements: [...times, ...productRows(parts.map(({ products }) => products))],
    agreements: parts.flatMap((part) => part.agreements),
    chart: run.options.scaling
      ? scalingChart(times)
      : dotChart(
          times.filter(({ unit }) => unit === 'ms'),
          '',
          {
            alt: 'Milliseconds per training step by workload and system; the line spans the rounds',
            xLabel: 'milliseconds per training step',
          },
        ),
  };
}

interface Part {
  times: Measurement[];
  /** 10^9 operations per second of a large matrix product, by subject and round. */
  products: Map<string, number[]>;
  agreements: Agreement[];
}

async function measureWorkload(
  workload: NetWorkload,
  workers: Workers,
  plan: RoundPlan,
  folder: string,
): Promise<Part> {
  const start = path.join(folder, `${workload.name}.json`);
  writeFileSync(start, JSON.stringify(makeStart(workload)));
  const losses = new Map<SubjectName, number[]>();
  for (const { name, worker } of workers) {
    await worker.ask({ do: 'prepare', start }, answers.prepare);
    const first: number[] = [];
    for (let elapsed = 0; first.length < 2 || (first.length < compared.steps && elapsed < compared.ms);) {
      const one = await worker.ask({ do: 'run', steps: 1 }, answers.run);
      first.push(...one.losses);
      elapsed += one.ms;
    }
    losses.set(name, first);
  }
  const trained = workers.map(({ name, worker }) => ({
    name: name,
    run: async (steps: number) => (await worker.ask({ do: 'run', steps }, answers.run)).ms,
  }));
  const rounds = await interleavedRounds([...trained, ...productSubjects(workers)], plan);
  const products = new Map<string, number[]>();
  for (const { name } of workers) {
    const ms = rounds.get(productName(name));
    if (ms !== undefined)
      products.set(
        name,
        ms.map((value) => PRODUCT_FLOPS / (1e6 * value)),
      );
  }
  const flops = stepFlops(workload);
  const times = trained.flatMap(({ name }): Measurement[] => {
    const values = rounds.get(name) ?? [];
    const shares = roundRatios(
      values.map((ms) => flops / (1e6 * ms)),
      peaks(products),
    );
    const of = { workload: workload.name, subject: name };
    return [
      { ...of, metric: '', unit: 'ms', values },
      { ...of, metric: '-of peak', unit: '%', values: shares.map((share) => 100 * share), detail: true },
    ];
  });
  return { times, products, agreements: compareLosses(workload, losses) };
}

/** The first losses beside PyTorch's, or beside those of the first complete subject without PyTorch. */
export function compareLosses(
  { name, spec }: Pick<NetWorkload, 'name' | 'spec'>,
  losses: ReadonlyMap<SubjectName, readonly number[]>,
): Agreement[] {
  const fewer = (subject: SubjectName): { losses: number; reason: string } | undefined =>
    (subjects[subject] as TrainingSubject).fewerLosses?.(spec.cell);
  const names = [...losses.keys()];
  const reference = losses.has(PEER) ? PEER : names.find((subject) => fewer(subject) === undefined);
  const expected = (reference && losses.get(reference)) ?? [];
  return names
    .filter((subject) => subject !== reference)
    .map((subject) => {
      const values = losses.get(subject) ?? [];
      const limit = fewer(subject);
      const count = Math.min(limit?.losses ?? Infinity, expected.length, values.length);
      const difference = greatestDifference(values, expected, count, Math.abs);
      return {
        ...{ workload: name, subject, reference: reference ?? null, compared: count, difference },
        ...{ allowed: LOSS_RTOL, note: limit?.reason ?? '' },
      };
    });
}

/** Sides of square matrices: large enough for the machine's peak, small enough for its caches. */
const PRODUCT_SIZE = 1024;
const PRODUCT_FLOPS = 2 * PRODUCT_SIZE ** 3;

/** Libraries whose matrix product is measured, each by the first of its subjects that runs. */
const libraries: readonly (readonly SubjectName[])[] = [
  ['onda-native', 'tfjs-node-layers'],
  ['pytorch', 'pytorch-fused'],
];

const productName = (subject: string): string => `product of ${subject}`;

/** A large product takes part in every round: what a shared machine can do changes from minute to minute. */
function productSubjects(workers: Workers): { name: string; run: (steps: number) => Promise<number> }[] {
  return libraries.flatMap((names) => {
    const found = names.flatMap((name) => workers.find((one) => one.name === name) ?? []);
    return found.slice(0, 1).map(({ name, worker }) => ({
      name: productName(name),
      run: async (steps) =>
        (await worker.ask({ do: 'product', size: PRODUCT_SIZE, steps }, answers.product)).ms,
    }));
  });
}

/** The fastest library in each round. */
export function peaks(products: ReadonlyMap<string, readonly number[]>): number[] {
  const [first = [], ...others] = products.values();
  return first.map((value, round) => Math.max(value, ...others.map((values) => values[round])));
}

/** One row per library, over the rounds of all workloads. */
export function productRows(all: readonly ReadonlyMap<string, readonly number[]>[]): Measurement[] {
  const names = new Set(all.flatMap((products) => [...products.keys()]));
  return [...names].map((subject) => ({
    ...{ workload: `product-${PRODUCT_SIZE}`, metric: '', subject, unit: 'GFLOP/s' },
    values: all.flatMap((products) => products.get(subject) ?? []),
  }));
}

/**
 * Floating-point operations of the matrix products of a training step: forward, the gradients of the weights, and those of the inputs
 * of a layer that has another one before it. Gates, loss and optimizer are not counted.
 */
export function stepFlops({ spec, batch, samples }: Pick<NetWorkload, 'spec' | 'batch' | 'samples'>): number {
  const { cell, units, layers, features, outputs } = spec;
  const rows = gateCounts[cell] * units;
  let products = 3 * units * outputs;
  for (let layer = 0; layer < layers; layer++) {
    const inputs = layer === 0 ? features : units;
    products += rows * (3 * units + (layer === 0 ? 2 : 3) * inputs);
  }
  return 2 * batch * samples * products;
}

/** Runs the first job (start, 100 steps, exit) as a process of each subject; a first run of each fills the caches and does not count. */
async function measureFirstJob(
  workload: NetWorkload,
  workers: Workers,
  rounds: number,
  folder: string,
): Promise<Part> {
  const start = path.join(folder, `${workload.name}.json`);
  writeFileSync(start, JSON.stringify(makeStart(parseNetWorkload('training', firstJob))));
  const commands = new Map<SubjectName, Command>();
  for (const { name } of workers) {
    const command = await (subjects[name] as TrainingSubject).script?.(start);
    if (command !== undefined && !('missing' in command)) commands.set(name, command);
  }
  const seconds = new Map<SubjectName, number[]>([...commands.keys()].map((name) => [name, []]));
  const losses = new Map<SubjectName, readonly number[]>();
  for (let round = -1; round < rounds; round++) {
    for (const [name, command] of commands) {
      const began = performance.now();
      losses.set(name, await runScript(name, command));
      if (round >= 0) seconds.get(name)?.push((performance.now() - began) / 1000);
    }
  }
  const times = [...seconds].map(([subject, values]) => ({
    ...{ workload: workload.name, metric: '', subject, unit: 's', values },
  }));
  return { times, products: new Map(), agreements: compareLosses(workload, losses) };
}

async function runScript(name: string, command: Command): Promise<number[]> {
  const { code, stdout, stderr } = await runProgram(command);
  if (code === 0) return z.array(z.number()).parse(JSON.parse(stdout));
  throw new ResultError(
    `${FIRST_JOB_PROCESS}: expected the script of ${name} to exit with code 0, got ${code}: ${lastLine(stderr)}; run the bench without it (--systems)`,
  );
}

function scalingName(size: Size, value: number): string {
  const { units, batch, samples }: Record<Size, number> = { ...scaling.base, [size]: value };
  return `lstm-${units}-${batch}-${samples}`;
}

function scalingWorkloads(): string[] {
  return (Object.keys(scaling.values) as Size[]).flatMap((size) =>
    scaling.values[size].map((value) => scalingName(size, value)),
  );
}

/** One panel per size; all share the workload of the base. */
export function scalingChart(times: readonly Measurement[]): LineChart {
  const panels = (Object.keys(scaling.values) as Size[]).map((size) => ({
    ...{ xLabel: size, yLabel: 'milliseconds per training step', log: true },
    points: scaling.values[size].flatMap((value) =>
      times
        .filter(({ workload, metric }) => metric === '' && workload === scalingName(size, value))
        .map(({ subject, values }) => ({ series: subject, x: value, y: median(values) })),
    ),
  }));
  return {
    kind: 'lines',
    alt: 'Milliseconds per training step as units, batch and samples grow',
    panels,
  };
}
