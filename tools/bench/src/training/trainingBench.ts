import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import type { BenchCall, BenchResult } from '../bench.ts';
import { otherCores, readCpuTicks } from '../otherWork.ts';
import type { Row } from '../report/rowFile.ts';
import type { Table } from '../report/table.ts';
import type { RoundPlan } from '../rounds.ts';
import type { LossComparison } from './compareLosses.ts';
import { compareLosses, lossProblem } from './compareLosses.ts';
import { firstJobProcess, measureFirstJobProcess } from './firstJobProcess.ts';
import { measureWork } from './measureWork.ts';
import { closeSystems, openSystems } from '../worker/openSystems.ts';
import type { OpenSystem } from '../worker/openSystems.ts';
import { peaks, productRows } from './peak.ts';
import type { ProductFigures } from './peak.ts';
import { scalingPicture, timesPicture } from './pictures.ts';
import type { Sweep } from './scaling.ts';
import { sweepsOf } from './scaling.ts';
import { parseSystem, systems, usualSystems } from './systems.ts';
import type { SystemName } from './systems.ts';
import type { TimedWork } from './tables.ts';
import { lossTable, peakTable, timeRows, timeTable } from './tables.ts';
import { firstJob, parseWork, stepFlops, usualWorks } from './work.ts';
import type { Work } from './work.ts';

const plans = {
  usual: { rounds: 7, targetMs: 500, slowRounds: 5 },
  quick: { rounds: 3, targetMs: 200, slowRounds: 2 },
} satisfies Record<string, RoundPlan>;

/**
 * Milliseconds a training step (data to tensors, forward, backward, Adam, the loss kept) of Onda, PyTorch and TensorFlow.js's own
 * layers, on the same nets from the same weights and data, in turn on the same machine.
 */
export async function trainingBench(call: BenchCall): Promise<BenchResult> {
  const chosen = chooseWorks(call);
  const names = (call.systems ?? (call.scaling ? ['onda-native', 'pytorch'] : usualSystems)).map(parseSystem);
  const plan: RoundPlan = { ...(call.quick ? plans.quick : plans.usual) };
  if (call.rounds !== undefined) plan.rounds = call.rounds;
  const { open, missing } = await openSystems(systems, names, call.say);
  const folder = mkdtempSync(path.join(tmpdir(), 'onda-bench-'));
  const pids = open.map(({ worker }) => worker.pid);
  const before = readCpuTicks(pids);
  try {
    const measured = await measureAll(call, chosen, open, plan, folder);
    return {
      ...measured,
      section: call.scaling ? 'training-scaling' : 'training',
      notes: [...open.map(({ about }) => about), ...missing],
      otherCores: otherCores(before, readCpuTicks(pids), cpus().length),
    };
  } finally {
    await closeSystems(open);
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Chosen {
  works: readonly Work[];
  /** Whether the first job as a process is among them. */
  process: boolean;
  sweeps: readonly Sweep[];
}

function chooseWorks({ works: given, scaling }: BenchCall): Chosen {
  if (scaling) {
    const sweeps = sweepsOf('lstm');
    const works = new Map(sweeps.flatMap(({ works }) => works.map((work) => [work.name, work])));
    return { works: [...works.values()], process: false, sweeps };
  }
  const names = given ?? [...usualWorks, firstJobProcess];
  return {
    works: [...new Set(names)].filter((name) => name !== firstJobProcess).map(parseWork),
    process: names.includes(firstJobProcess),
    sweeps: [],
  };
}

async function measureAll(
  { say }: BenchCall,
  { works, process: asProcess, sweeps }: Chosen,
  open: readonly OpenSystem<SystemName>[],
  plan: RoundPlan,
  folder: string,
): Promise<Pick<BenchResult, 'rows' | 'tables' | 'picture' | 'problems'>> {
  if (open.length === 0) return { rows: [], tables: [], picture: null, problems: [] };
  say(`systems: ${open.map(({ name }) => name).join(', ')}`);
  const products: ProductFigures[] = [];
  const timed: TimedWork[] = [];
  const comparisons: LossComparison[] = [];
  for (const [index, work] of works.entries()) {
    say(`${index + 1} of ${works.length}: ${work.name}`);
    const measured = await measureWork(work, open, plan, folder);
    products.push(measured.products);
    timed.push({
      name: work.name,
      unit: 'ms',
      times: measured.times,
      flops: { step: stepFlops(work), peaks: peaks(measured.products) },
    });
    comparisons.push(...compareLosses(work, measured.losses));
  }
  if (asProcess) {
    say(firstJobProcess);
    const names = open.map(({ name }) => name);
    const { times, losses } = await measureFirstJobProcess(names, plan.rounds, folder);
    timed.push({ name: firstJobProcess, unit: 's', times, flops: null });
    comparisons.push(...compareLosses({ ...parseWork(firstJob), name: firstJobProcess }, losses));
  }
  const peakRows = productRows(products);
  const rows: Row[] = [...timed.flatMap(timeRows), ...peakRows];
  const tables: Table[] = [
    timeTable('Time of a training step', timed),
    ...(peakRows.length > 0 ? [peakTable(peakRows)] : []),
    ...(comparisons.length > 0 ? [lossTable(comparisons)] : []),
  ];
  return {
    rows,
    tables,
    picture: sweeps.length > 0 ? scalingPicture(sweeps, timed) : timesPicture(timed),
    problems: comparisons.map(lossProblem).filter((problem) => problem !== null),
  };
}
