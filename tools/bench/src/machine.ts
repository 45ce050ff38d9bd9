import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { ResultError } from '@onda/contract';

/** Where the figures were measured. */
export interface Machine {
  cpu: string;
  /** Cores that this process may use. */
  cores: number;
  memoryGiB: number;
  os: string;
  node: string;
  /** YYYY-MM-DD. */
  date: string;
}

export function thisMachine(now: Date = new Date()): Machine {
  return {
    cpu: cpus()[0]?.model.replaceAll(/\s+/g, ' ').trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    os: `${type()} ${release()}`,
    node: process.versions.node,
    date: now.toISOString().slice(0, 10),
  };
}

export function machineText({ cpu, cores, memoryGiB, os, node, date }: Machine): string {
  return `${date}, ${cpu}, ${cores} ${cores === 1 ? 'core' : 'cores'}, ${memoryGiB} GiB, ${os}, Node ${node}`;
}

/** Processor time in ticks of the system's clock (Linux: 10 ms). */
export interface CpuTicks {
  /** All cores, idle or not. */
  all: number;
  /** Used by any process. */
  busy: number;
  /** Used by the bench: this process, its ended children, and the given processes. */
  own: number;
}

/**
 * Processor time since boot; null without /proc.
 *
 * @param pids processes of the bench that still run
 */
export function readCpuTicks(pids: readonly number[], read = readText): CpuTicks | null {
  try {
    const [, ...times] = read('/proc/stat').split('\n')[0].trim().split(/\s+/);
    const [user, nice, system, idle, iowait, irq, softirq] = times.map(Number);
    const busy = user + nice + system + irq + softirq;
    const own = [
      ticksOf(read('/proc/self/stat'), 4),
      ...pids.map((pid) => ticksOf(read(`/proc/${pid}/stat`), 2)),
    ];
    return { all: busy + idle + iowait, busy, own: own.reduce((sum, ticks) => sum + ticks, 0) };
  } catch {
    return null;
  }
}

/** Sums the first of utime, stime, cutime, cstime (proc(5)); the process name before them may contain spaces. */
function ticksOf(stat: string, fields: number): number {
  const after = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return after.slice(11, 11 + fields).reduce((sum, text) => sum + Number(text), 0);
}

function readText(path: string): string {
  return readFileSync(path, 'utf8');
}

/** Cores that other processes used between two readings, on average; null where a reading is missing. */
export function backgroundCores(
  before: CpuTicks | null,
  after: CpuTicks | null,
  cores: number,
): number | null {
  if (before === null || after === null) return null;
  const elapsed = after.all - before.all;
  if (elapsed <= 0) return null;
  return Math.max(0, ((after.busy - before.busy - (after.own - before.own)) / elapsed) * cores);
}

/** Background load that is reported; an idle desktop uses less. */
const NOTED_CORES = 0.1;

/** Background load with which figures are not published: at 1.3 cores PyTorch's were 10 to 100 times too high. */
const REFUSED_CORES = 0.3;

/** A sentence about the background load; null on a quiet machine. */
export function backgroundLoadText(used: number | null): string | null {
  if (used === null || used < NOTED_CORES) return null;
  return `Other processes used ${used.toFixed(2)} cores on average during the measurement; repeat it on a quiet machine.`;
}

/** @throws ResultError when the background load was too high to publish the figures */
export function checkQuiet(used: number | null): void {
  if (used === null || used < REFUSED_CORES) return;
  throw new ResultError(
    `--markdown: expected other processes to use less than ${REFUSED_CORES} cores on average, got ${used.toFixed(2)}; the page is unchanged, repeat the measurement on a quiet machine`,
  );
}

/** The processes and all their running descendants (proc(5), `children`); only themselves without /proc. */
export function processTree(pids: readonly number[]): number[] {
  return pids.flatMap((pid) => [pid, ...processTree(childrenOf(pid))]);
}

function childrenOf(pid: number): number[] {
  try {
    // Children are listed by the thread that started them.
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readText(`/proc/${pid}/task/${thread}/children`).trim().split(/\s+/).filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}
