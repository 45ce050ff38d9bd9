import { z } from 'zod';
import type { CellKind } from '@onda/contract';
import { cellKinds } from '@onda/contract';
import { openBackend } from '@onda/tfjs-native';
import type { Bench, BenchRun, Measured } from '../bench.ts';
import { measureEach } from '../bench.ts';
import type { NetWorkload } from '../netWorkload.ts';
import { fromBase64, parseNetWorkload } from '../netWorkload.ts';
import { nodeCommand } from '../processes.ts';
import { peerCommand } from '../python.ts';
import type { Agreement } from '../report/agreement.ts';
import { greatestDifference } from '../report/agreement.ts';
import { dotChart } from '../report/chart.ts';
import type { Goal } from '../report/goals.ts';
import type { Measurement } from '../report/measurement.ts';
import { median } from '../report/measurement.ts';
import { figure } from '../report/table.ts';
import type { RoundPlan } from '../rounds.ts';
import { interleavedRounds, planOf } from '../rounds.ts';
import type { OpenWorker, WorkerSubject } from '../workers.ts';
import { withWorkers } from '../workers.ts';
import { writeStart } from './generationStart.ts';

interface GenerationSubject extends WorkerSubject {
  /** Numbers of threads it is measured with, the better of which counts; 0: its default. */
  threads: readonly number[];
  /** Why its values differ for a cell; undefined where they must agree. */
  unlike?: (cell: CellKind) => string | undefined;
}

const threads = [1, 0];

const subjects = {
  'onda-generator': {
    about: 'generator.onnx in onnxruntime-node: the loop inside the graph',
    threads,
    start: () => nodeCommand('generation/onnxWorker.ts', ['generator']),
  },
  'onnxruntime-node': {
    about: 'model.onnx in onnxruntime-node, one run per sample',
    threads,
    start: () => nodeCommand('generation/onnxWorker.ts', ['model']),
  },
  'onnxruntime-python': {
    about: "model.onnx in Python's ONNX Runtime, one run per sample",
    threads,
    start: (say) => peerCommand('onnxruntime', 'onnx_generation.py', [], say),
  },
  pytorch: {
    about: 'PyTorch on the CPU: torch.nn layers, one call per sample, no gradient',
    threads,
    start: (say) => peerCommand('pytorch', 'torch_generation.py', [], say),
  },
  'tfjs-node': {
    about: "Onda's network on tfjs-node with its kernels in C++, one call per sample",
    threads: [0],
    start: () => nodeCommand('generation/tensorWorker.ts', ['onda']),
  },
  'tfjs-node-layers': {
    about: "TensorFlow.js's own layers on tfjs-node, one call per sample",
    threads: [0],
    unlike: (cell) =>
      cell === 'gru'
        ? "TensorFlow.js's GRU resets before the recurrent product, the others after it: another network of the same size"
        : undefined,
    start: () => nodeCommand('generation/tensorWorker.ts', ['layers']),
  },
} satisfies Record<string, GenerationSubject>;

type SubjectName = keyof typeof subjects;
type Workers = readonly OpenWorker<SubjectName>[];

const OURS = 'onda-generator' satisfies SubjectName;

/** The subject whose values the others must reproduce. */
const REFERENCE = 'onnxruntime-node' satisfies SubjectName;

/**
 * Microseconds per sample at 32 units and batch 1, set on a machine on which PyTorch took `reference` for the rnn: on another machine
 * they scale with PyTorch's time.
 */
const times = {
  limits: { rnn: 0.3, lstm: 0.35, gru: 2 } satisfies Record<CellKind, number>,
  peer: { work: 'generation-rnn-32-1', system: 'pytorch', reference: 22.8 },
};

const ours = { system: OURS, relation: 'at most' } as const;

const goals: Goal[] = [
  ...cellKinds.map((cell) => ({
    ...{
      ...ours,
      work: new RegExp(`^generation-${cell}-32-1$`),
      bound: times.limits[cell],
      peer: times.peer,
    },
  })),
  { ...ours, work: /-1$/, bound: 0.1, peer: { system: 'pytorch' } },
  { ...ours, work: /./, bound: 1, peer: {} },
];

const plans = {
  usual: { rounds: 7, targetMs: 200, slowRounds: 5 },
  quick: { rounds: 3, targetMs: 40, slowRounds: 2 },
};

/**
 * Samples over which values must agree, and the allowed difference: ours are two orders of the same float32 sums with values of about 1;
 * others have their own functions, and another network or gate order is off by 0.1 to 1.
 */
const agreeing = { samples: 200, ours: 1e-5, others: 1e-3 };

/** Longer runs of ours at batch 1, for the growth of the difference, without a bound. */
const growth = { usual: [1000, 10_000], quick: [1000] };

/** Answers of a generation worker besides `hello`; the scripts in peers/ give the same. `threads`: 1, or 0 for its default. */
const answers = {
  /** `{"do": "prepare", "start": PATH}`: loads the network and feeds the prompt without its last value; drops the previous one. */
  prepare: z.strictObject({}),
  /** `{"do": "run", "steps": N, "threads": T}`: milliseconds of N samples in closed loop from the prompt's last value. */
  run: z.strictObject({ ms: z.number().nonnegative() }),
  /** `{"do": "values", "steps": N, "threads": T}`: the same; the predictions [steps, batch], float32, little-endian, in base64. */
  values: z.strictObject({ values: z.base64() }),
};

/**
 * Microseconds per sample in closed loop, of generator.onnx and of systems that are called once per sample: the same networks from the
 * same weights and prompts.
 */
export const generationBench: Bench<NetWorkload> = {
  title: 'Time of a generated sample of the whole batch',
  workloads: () =>
    cellKinds.flatMap((cell) =>
      [32, 128].flatMap((units) => [1, 64, 1024].map((batch) => `generation-${cell}-${units}-${batch}`)),
    ),
  parseWorkload: (name) => parseNetWorkload('generation', name),
  subjects: Object.keys(subjects),
  peer: OURS,
  goals,
  measure: async (run) => {
    // Networks are made and exported here, with the WebAssembly kernels; the workers open their own.
    await openBackend({ want: 'wasm', log: () => undefined });
    return withWorkers(subjects, run.subjects as SubjectName[], run.say, async (workers, notes) => ({
      ...(await measureAll(run, workers)),
      notes: [...notes, 'Threads 0: the library chooses. Ratios to onda-generator: how many times its time.'],
    }));
  },
};

async function measureAll(run: BenchRun<NetWorkload>, workers: Workers): Promise<Omit<Measured, 'notes'>> {
  const plan = planOf(run.options, plans);
  const longer = growth[run.options.quick ? 'quick' : 'usual'];
  const pids = workers.map(({ worker }) => worker.pid);
  const parts = await run.watched(pids, () =>
    measureEach(run, async (workload) => {
      const start = writeStart(workload, run.folder);
      for (const { worker } of workers) await worker.ask({ do: 'prepare', start }, answers.prepare);
      const agreements = await compareValues(workload, workers, longer);
      return { agreements, measurements: await measureTimes(workload, workers, plan) };
    }),
  );
  const measurements = parts.flatMap((part) => part.measurements);
  return {
    measurements,
    agreements: parts.flatMap((part) => part.agreements),
    chart: dotChart(measurements, '', {
      alt: 'Microseconds per generated sample by workload and system; the line spans the rounds',
      xLabel: 'microseconds per sample of the whole batch',
    }),
  };
}

async function measureTimes(
  { name: workload }: NetWorkload,
  workers: Workers,
  plan: RoundPlan,
): Promise<Measurement[]> {
  const variants = workers.flatMap(({ name, worker }) =>
    subjects[name].threads.map((count) => ({
      subject: name,
      worker,
      threads: count,
      name: `${name}@${count}`,
    })),
  );
  const rounds = await interleavedRounds(
    variants.map(({ name, worker, threads: count }) => ({
      name,
      run: async (steps) => (await worker.ask({ do: 'run', steps, threads: count }, answers.run)).ms,
    })),
    plan,
  );
  return workers.flatMap(({ name: subject }): Measurement[] => {
    const [best] = variants
      .filter((variant) => variant.subject === subject)
      .map((variant) => ({ ...variant, times: rounds.get(variant.name) ?? [] }))
      .sort((a, b) => median(a.times) - median(b.times));
    return [
      { workload, metric: '', subject, unit: 'us', values: best.times.map((ms) => 1000 * ms) },
      { workload, metric: '-threads', subject, unit: 'threads', values: [best.threads], detail: true },
    ];
  });
}

/** Values of every subject against the reference: ours also over longer runs. */
async function compareValues(
  { name: workload, spec, batch }: NetWorkload,
  workers: Workers,
  longer: readonly number[],
): Promise<Agreement[]> {
  const reference = workers.find(({ name }) => name === REFERENCE);
  if (reference === undefined) return [];
  const valuesOf = async ({ worker }: Workers[number], steps: number): Promise<Float32Array> =>
    fromBase64((await worker.ask({ do: 'values', steps, threads: 1 }, answers.values)).values);
  const lengths = batch === 1 ? [agreeing.samples, ...longer] : [agreeing.samples];
  const expected = await valuesOf(reference, Math.max(...lengths));
  const agreements: Agreement[] = [];
  for (const one of workers) {
    if (one === reference) continue;
    const of = { workload, subject: one.name, reference: REFERENCE };
    const unlike = (subjects[one.name] as GenerationSubject).unlike?.(spec.cell);
    if (unlike !== undefined) {
      agreements.push({ ...of, compared: 0, difference: 0, allowed: 0, note: unlike });
      continue;
    }
    const compared = one.name === OURS ? lengths : lengths.slice(0, 1);
    const values = await valuesOf(one, Math.max(...compared));
    for (const samples of compared) {
      const count = samples * batch;
      const greatest = expected
        .subarray(0, count)
        .reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const allowed = one.name === OURS ? agreeing.ours : agreeing.others;
      agreements.push({
        ...{ ...of, compared: count, difference: greatestDifference(values, expected, count) },
        allowed: samples > agreeing.samples ? Infinity : allowed,
        note: `${samples} samples, values up to ${figure(greatest)}`,
      });
    }
  }
  return agreements;
}
