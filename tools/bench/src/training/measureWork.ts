import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { RoundPlan, RoundTimes } from '../rounds.ts';
import { interleavedRounds } from '../rounds.ts';
import type { OpenSystem } from '../worker/openSystems.ts';
import { productContestants, splitProducts } from './peak.ts';
import type { ProductFigures } from './peak.ts';
import { makeStart } from './start.ts';
import type { SystemName } from './systems.ts';
import type { Work } from './work.ts';
import { workerAnswers } from './workerAnswers.ts';

/** Steps whose losses are compared across systems: enough that each weight has moved, and moved again from there. */
const COMPARED_STEPS = 5;

/** A system that has been at it for longer is compared on fewer steps, but never on fewer than two. */
const COMPARED_MS = 5000;

export interface MeasuredWork {
  work: Work;
  times: RoundTimes;
  /** Of the same rounds. */
  products: ProductFigures;
  /** The first losses by system. */
  losses: Map<SystemName, readonly number[]>;
}

/**
 * Measures every system at one work, all from the same start.
 *
 * @param folder where the start file may lie
 */
export async function measureWork(
  work: Work,
  open: readonly OpenSystem<SystemName>[],
  plan: RoundPlan,
  folder: string,
): Promise<MeasuredWork> {
  const start = path.join(folder, `${work.name}.json`);
  writeFileSync(start, JSON.stringify(makeStart(work)));
  const losses = new Map<SystemName, readonly number[]>();
  for (const { name, worker } of open) {
    await worker.ask({ do: 'prepare', start }, workerAnswers.prepare);
    const first: number[] = [];
    let elapsed = 0;
    while (first.length < 2 || (first.length < COMPARED_STEPS && elapsed < COMPARED_MS)) {
      const one = await worker.ask({ do: 'run', steps: 1 }, workerAnswers.run);
      first.push(...one.losses);
      elapsed += one.ms;
    }
    losses.set(name, first);
  }
  const contestants = open.map(({ name, worker }) => ({
    name,
    run: async (steps: number) => (await worker.ask({ do: 'run', steps }, workerAnswers.run)).ms,
  }));
  const times = await interleavedRounds([...contestants, ...productContestants(open)], plan);
  return { work, ...splitProducts(times), losses };
}
