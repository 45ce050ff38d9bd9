import type { Contestant, RoundPlan } from '../rounds.ts';
import { interleavedRounds } from '../rounds.ts';
import { median } from '../statistics.ts';
import { fromBase64 } from '../training/start.ts';
import type { OpenSystem } from '../worker/openSystems.ts';
import type { ValueComparison } from './compareValues.ts';
import { compareValues } from './compareValues.ts';
import { writeStart } from './start.ts';
import type { SystemName } from './systems.ts';
import { ours, plainLoop, systems } from './systems.ts';
import type { GenerationWork } from './work.ts';
import { workerAnswers } from './workerAnswers.ts';

/** A system's times with the better of its thread counts. */
export interface SystemTimes {
  /** 0: its own choice. */
  threads: number;
  /** Microseconds a sample, one for each round. */
  times: readonly number[];
}

export interface MeasuredWork {
  work: GenerationWork;
  times: Map<SystemName, SystemTimes>;
  comparisons: ValueComparison[];
}

/**
 * Measures every system at one work, all from the same start.
 *
 * @param lengths samples over which values are compared, in this order
 * @param folder  where the start file may lie
 */
export async function measureWork(
  work: GenerationWork,
  open: readonly OpenSystem<SystemName>[],
  plan: RoundPlan,
  lengths: readonly number[],
  folder: string,
): Promise<MeasuredWork> {
  const start = writeStart(work, folder);
  for (const { worker } of open) await worker.ask({ do: 'prepare', start }, workerAnswers.prepare);
  const comparisons = await compareAll(work, open, lengths);
  const variants = open.flatMap(({ name, worker }) =>
    systems[name].threads.map((threads) => ({ name, worker, threads })),
  );
  const contestants = variants.map(({ name, worker, threads }): Contestant => ({
    name: `${name}@${threads}`,
    run: async (steps) => (await worker.ask({ do: 'run', steps, threads }, workerAnswers.run)).ms,
  }));
  const measured = await interleavedRounds(contestants, plan);
  const times = new Map<SystemName, SystemTimes>();
  for (const { name, threads } of variants) {
    const micros = (measured.get(`${name}@${threads}`) ?? []).map((ms) => 1000 * ms);
    const known = times.get(name);
    if (known === undefined || median(micros) < median(known.times))
      times.set(name, { threads, times: micros });
  }
  return { work, times, comparisons };
}

/** Ours over every length, the others over the first, against the plain loop. */
async function compareAll(
  work: GenerationWork,
  open: readonly OpenSystem<SystemName>[],
  lengths: readonly number[],
): Promise<ValueComparison[]> {
  const plain = open.find(({ name }) => name === plainLoop);
  if (plain === undefined) return [];
  const valuesOf = async ({ worker }: OpenSystem<SystemName>, steps: number): Promise<Float32Array> =>
    fromBase64((await worker.ask({ do: 'values', steps, threads: 1 }, workerAnswers.values)).values);
  const longest = Math.max(...lengths);
  const expected = await valuesOf(plain, longest);
  const comparisons: ValueComparison[] = [];
  for (const system of open) {
    if (system === plain) continue;
    const unlike = systems[system.name].unlike(work.spec.cell);
    const [first] = lengths;
    const over = system.name === ours ? lengths : [first];
    const values = unlike === '' ? await valuesOf(system, Math.max(...over)) : new Float32Array();
    for (const samples of over)
      comparisons.push(compareValues(work, system.name, samples, values, expected, unlike));
  }
  return comparisons;
}
