import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { openBackend } from '@onda/tfjs-native';
import type { BenchCall, BenchResult } from '../bench.ts';
import { otherCores, readCpuTicks } from '../otherWork.ts';
import type { RoundPlan } from '../rounds.ts';
import { median } from '../statistics.ts';
import { closeSystems, openSystems } from '../worker/openSystems.ts';
import { AGREEING_SAMPLES, valueProblem } from './compareValues.ts';
import { checkGoals, machineFactor, timeGoal } from './goals.ts';
import type { MeasuredWork } from './measureWork.ts';
import { measureWork } from './measureWork.ts';
import { generationPicture } from './picture.ts';
import { parseSystem, systemNames, systems } from './systems.ts';
import { goalTable, timeRows, timeTable, valueTable } from './tables.ts';
import type { GenerationWork } from './work.ts';
import { parseWork, usualWorks } from './work.ts';

const plans = {
  usual: { rounds: 7, targetMs: 200, slowRounds: 5 },
  quick: { rounds: 3, targetMs: 40, slowRounds: 2 },
} satisfies Record<string, RoundPlan>;

/** How the difference grows is looked at for one sequence alone, up to this many samples. */
const growth = { usual: [1000, 10_000], quick: [1000] } as const;

/**
 * Microseconds a sample in closed loop, of generator.onnx and of systems that are called once a sample: the same nets from the same
 * weights and prompts, in turn on the same machine, each with one thread and with its own choice of threads, the better of which counts.
 */
export async function generationBench(call: BenchCall): Promise<BenchResult> {
  const works = [...new Set(call.works ?? usualWorks)].map(parseWork);
  const names = (call.systems ?? systemNames).map(parseSystem);
  const pace = call.quick ? 'quick' : 'usual';
  const plan: RoundPlan = { ...plans[pace] };
  if (call.rounds !== undefined) plan.rounds = call.rounds;
  // Nets are made and exported here, on the JavaScript backend; the workers open their own.
  await openBackend({ want: 'cpu', log: () => undefined });
  const { open, missing } = await openSystems(systems, names, call.say);
  const folder = mkdtempSync(path.join(tmpdir(), 'onda-bench-'));
  const pids = open.map(({ worker }) => worker.pid);
  const before = readCpuTicks(pids);
  try {
    const measured: MeasuredWork[] = [];
    call.say(`systems: ${open.map(({ name }) => name).join(', ')}`);
    for (const [index, work] of works.entries()) {
      call.say(`${index + 1} of ${works.length}: ${work.name}`);
      measured.push(await measureWork(work, open, plan, lengthsOf(work, growth[pace]), folder));
    }
    return {
      ...report(measured, call.quick),
      notes: [...open.map(({ about }) => about), ...missing],
      otherCores: otherCores(before, readCpuTicks(pids), cpus().length),
    };
  } finally {
    await closeSystems(open);
    rmSync(folder, { recursive: true, force: true });
  }
}

function lengthsOf({ batch }: GenerationWork, more: readonly number[]): number[] {
  return batch === 1 ? [AGREEING_SAMPLES, ...more] : [AGREEING_SAMPLES];
}

function report(
  measured: readonly MeasuredWork[],
  quick: boolean,
): Omit<BenchResult, 'notes' | 'otherCores'> {
  const comparisons = measured.flatMap((one) => one.comparisons);
  const medians = measured.map(({ work, times }) => ({
    work,
    times: new Map([...times].map(([system, { times: values }]) => [system, median(values)])),
  }));
  const factor = machineFactor(medians);
  const goals = medians.flatMap(({ work, times }) => checkGoals(work, times, factor));
  return {
    section: 'generation',
    rows: measured.flatMap(timeRows),
    tables: [
      timeTable(measured),
      ...(goals.length > 0 ? [goalTable(goals)] : []),
      ...(comparisons.length > 0 ? [valueTable(comparisons)] : []),
    ],
    picture: generationPicture(measured),
    problems: comparisons.map(valueProblem).filter((problem) => problem !== null),
    // Short rounds are no grounds to say that a goal was missed.
    goals: quick ? [] : goals.map(timeGoal),
  };
}
