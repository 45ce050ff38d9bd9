import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { MissingError } from '@onda/contract';
import type { Runtime } from '@onda/runtime';
import { createNodeRuntime } from '@onda/runtime-node';
import { openBackend } from '@onda/tfjs-native';
import type { BenchCall, BenchResult } from '../bench.ts';
import { parseWork } from '../generation/work.ts';
import { writeStart } from '../generation/start.ts';
import { otherCores, readCpuTicks } from '../otherWork.ts';
import { figure, figureRange } from '../report/figures.ts';
import { spread } from '../statistics.ts';
import { checkWork } from './checkWork.ts';
import type { CheckedFile } from './checkWork.ts';

/** A small net, where the CPU should win, and a large one with many sequences, where CUDA should. */
const usualWorks: readonly string[] = ['rnn', 'lstm', 'gru'].flatMap((cell) => [
  `generation-${cell}-32-1`,
  `generation-${cell}-512-256`,
]);

const plans = {
  usual: { rounds: 7, targetMs: 200, slowRounds: 5 },
  quick: { rounds: 3, targetMs: 40, slowRounds: 2 },
} as const;

/** The two runtimes; a test puts others in their place. */
export type OpenRuntimes = () => Promise<{ cuda: Runtime; cpu: Runtime }>;

const openBoth: OpenRuntimes = async () => ({
  cuda: await createNodeRuntime({ provider: 'cuda' }),
  cpu: await createNodeRuntime({ provider: 'cpu' }),
});

/**
 * Holds CUDA against the CPU: values and speed of model.onnx and generator.onnx for nets of each cell. Where CUDA cannot be had, a
 * note says what is missing and how to get it, and nothing is wrong.
 */
export async function gpuBench(call: BenchCall, open: OpenRuntimes = openBoth): Promise<BenchResult> {
  const empty = { section: 'gpu', rows: [], tables: [], picture: null, problems: [], otherCores: null };
  let runtimes: Awaited<ReturnType<OpenRuntimes>>;
  try {
    runtimes = await open();
  } catch (error) {
    if (!(error instanceof MissingError)) throw error;
    return { ...empty, notes: [`nothing was compared: ${error.message}`] };
  }
  await openBackend({ want: 'cpu', log: () => undefined });
  const folder = mkdtempSync(path.join(tmpdir(), 'onda-gpu-'));
  const before = readCpuTicks([process.pid]);
  try {
    const checked: CheckedFile[] = [];
    const plan = { ...plans[call.quick ? 'quick' : 'usual'] };
    for (const work of (call.works ?? usualWorks).map(parseWork)) {
      call.say(work.name);
      writeStart(work, folder);
      const read = (file: string): Uint8Array => readFileSync(path.join(folder, `${work.name}.${file}`));
      const files = { model: read('model.onnx'), generator: read('generator.onnx') };
      checked.push(
        ...(await checkWork(work, files, runtimes, { ...plan, rounds: call.rounds ?? plan.rounds })),
      );
    }
    return {
      ...empty,
      ...report(checked),
      notes: [
        `cuda: ${runtimes.cuda.name}`,
        'one thread on the CPU; tensors lie in main memory before and after each run',
      ],
      otherCores: otherCores(before, readCpuTicks([process.pid]), cpus().length),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function report(checked: readonly CheckedFile[]): Pick<BenchResult, 'rows' | 'tables' | 'problems'> {
  const rows = checked.flatMap(({ name, times }) =>
    [...times].map(([system, values]) => ({ work: name, system, unit: 'ms', ...spread(values) })),
  );
  return {
    rows,
    tables: [
      {
        title: 'Time of a run',
        head: ['work', 'system', 'median ms', 'min – max', 'rounds'],
        rows: rows.map(({ work, system, median, min, max, runs }) => [
          work,
          system,
          figure(median),
          figureRange(min, max),
          String(runs),
        ]),
      },
      {
        title: 'Largest difference of CUDA from the CPU',
        head: ['work', 'difference', 'allowed'],
        rows: checked.map(({ name, difference, allowed }) => [
          name,
          difference.toExponential(1),
          String(allowed),
        ]),
      },
    ],
    problems: checked
      .filter(({ difference, allowed }) => !(difference <= allowed))
      .map(
        ({ name, difference, allowed }) =>
          `${name}: expected CUDA within ${allowed} of the CPU, got ${difference.toExponential(1)}; do not serve it on this GPU`,
      ),
  };
}
