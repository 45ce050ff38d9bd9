import { readFileSync } from 'node:fs';
import path from 'node:path';
import { MissingError, tensorNames } from '@onda/contract';
import { floatTensor } from '@onda/runtime';
import type { Runtime, RuntimeTensor, Session } from '@onda/runtime';
import { createNodeRuntime } from '@onda/runtime-node';
import { openBackend } from '@onda/tfjs-native';
import type { Bench, BenchRun, Measured } from '../bench.ts';
import { measureEach } from '../bench.ts';
import type { NetWorkload } from '../netWorkload.ts';
import { parseNetWorkload } from '../netWorkload.ts';
import type { Agreement } from '../report/agreement.ts';
import { greatestDifference } from '../report/agreement.ts';
import type { Measurement } from '../report/measurement.ts';
import { interleavedRounds, planOf } from '../rounds.ts';
import { writeStart } from './generationStart.ts';

/** Small networks, where the CPU should win, and large ones with many sequences, where CUDA should. */
const usualWorkloads = ['rnn', 'lstm', 'gru'].flatMap((cell) => [
  `generation-${cell}-32-1`,
  `generation-${cell}-512-256`,
]);

const plans = {
  usual: { rounds: 7, targetMs: 200, slowRounds: 5 },
  quick: { rounds: 3, targetMs: 40, slowRounds: 2 },
};

/** Samples that are generated after the prompt. */
const SAMPLES = 20;

/**
 * The files of a workload, and the allowed absolute difference of CUDA from the CPU: TF32 products, CUDA's default from Ampere on, have
 * 10 bits per factor, with values of about 1; a closed loop feeds its differences back.
 */
const files = {
  model: { allowed: 1e-3, feeds: {} },
  generator: {
    allowed: 1e-2,
    feeds: {
      [tensorNames.samples]: {
        type: 'int64',
        dims: [1],
        data: BigInt64Array.of(BigInt(SAMPLES)),
      } as RuntimeTensor,
    },
  },
};

/** A test replaces the runtimes. */
export type OpenRuntimes = () => Promise<{ cuda: Runtime; cpu: Runtime }>;

const openBoth: OpenRuntimes = async () => ({
  cuda: await createNodeRuntime({ provider: 'cuda' }),
  cpu: await createNodeRuntime({ provider: 'cpu' }),
});

/**
 * CUDA beside the CPU: values and times of model.onnx and generator.onnx of networks of each cell. Without CUDA a note says what is
 * missing, and the bench succeeds.
 */
export const gpuBench: Bench<NetWorkload> = {
  title: 'Time of a run',
  workloads: () => usualWorkloads,
  parseWorkload: (name) => parseNetWorkload('generation', name),
  subjects: ['cuda', 'cpu'],
  peer: 'cpu',
  goals: [],
  measure: (run) => measureGpu(run),
};

export async function measureGpu(
  run: BenchRun<NetWorkload>,
  open: OpenRuntimes = openBoth,
): Promise<Measured> {
  let runtimes: Awaited<ReturnType<OpenRuntimes>>;
  try {
    runtimes = await open();
  } catch (error) {
    if (!(error instanceof MissingError)) throw error;
    return { measurements: [], notes: [`nothing was compared: ${error.message}`] };
  }
  await openBackend({ want: 'wasm', log: () => undefined });
  const parts = await run.watched([], () =>
    measureEach(run, async (workload) => {
      writeStart(workload, run.folder);
      return [
        await measureFile('model', workload, runtimes, run),
        await measureFile('generator', workload, runtimes, run),
      ];
    }),
  );
  return {
    measurements: parts.flat().flatMap(({ times }) => times),
    agreements: parts.flat().map(({ agreement }) => agreement),
    notes: [
      `cuda: ${runtimes.cuda.name}`,
      'One thread on the CPU. Tensors are in main memory before and after each run.',
    ],
  };
}

async function measureFile(
  file: keyof typeof files,
  { name, batch, samples }: NetWorkload,
  runtimes: { cuda: Runtime; cpu: Runtime },
  { folder, options }: BenchRun<NetWorkload>,
): Promise<{ times: Measurement[]; agreement: Agreement }> {
  const { allowed, feeds: extra } = files[file];
  const bytes = readFileSync(path.join(folder, `${name}.${file}.onnx`));
  const sessions = {
    cuda: await runtimes.cuda.createSession(bytes),
    cpu: await runtimes.cpu.createSession(bytes),
  };
  try {
    const x = Float32Array.from({ length: batch * samples }, (_, index) => Math.sin(index * 0.157));
    const feeds = {
      [tensorNames.input]: floatTensor([batch, samples, 1], x),
      [tensorNames.stateIn]: zeroState(sessions.cpu, batch),
      ...extra,
    };
    const values = await sessions.cuda.run(feeds);
    const expected = await sessions.cpu.run(feeds);
    const rounds = await interleavedRounds(
      Object.entries(sessions).map(([subject, session]) => ({
        name: subject,
        run: async (steps) => {
          const since = performance.now();
          for (let step = 0; step < steps; step++) await session.run(feeds);
          return performance.now() - since;
        },
      })),
      planOf(options, plans),
    );
    const workload = `${name}-${file}`;
    return {
      times: [...rounds].map(([subject, ms]) => ({ workload, metric: '', subject, unit: 'ms', values: ms })),
      agreement: { ...compareOutputs(values, expected), workload, allowed },
    };
  } finally {
    await sessions.cuda.release();
    await sessions.cpu.release();
  }
}

function zeroState({ inputs }: Session, batch: number): RuntimeTensor {
  const size = Number(inputs.find(({ name }) => name === tensorNames.stateIn)?.shape[1]);
  return floatTensor([batch, size], new Float32Array(batch * size));
}

function compareOutputs(
  values: Readonly<Record<string, RuntimeTensor>>,
  expected: Readonly<Record<string, RuntimeTensor>>,
): Omit<Agreement, 'workload' | 'allowed'> {
  let compared = 0;
  let difference = 0;
  for (const [name, { data }] of Object.entries(expected)) {
    const [numbers, others] = [data, values[name].data].map((list) => Array.from(list as Float32Array));
    compared += numbers.length;
    difference = Math.max(difference, greatestDifference(others, numbers, numbers.length));
  }
  return { subject: 'cuda', reference: 'cpu', compared, difference, note: '' };
}
