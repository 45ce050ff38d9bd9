import { readFileSync } from 'node:fs';
import { ResultError } from '@onda/contract';

/** Processor time, in ticks of the system's clock (Linux: a hundredth of a second). */
export interface CpuTicks {
  /** That passed on all cores together, idle or not. */
  all: number;
  /** That any process used. */
  busy: number;
  /** That the bench used: this process, those that it ran to their end, and its workers. */
  own: number;
}

/**
 * Reads how much the processors have done since the system started; null where /proc is not there.
 *
 * @param workers process numbers that belong to the bench and still run
 */
export function readCpuTicks(workers: readonly number[], read = readText): CpuTicks | null {
  try {
    const [, ...times] = read('/proc/stat').split('\n')[0].trim().split(/\s+/);
    const [user, nice, system, idle, iowait, irq, softirq] = times.map(Number);
    const busy = user + nice + system + irq + softirq;
    const own = [
      ticksOf(read('/proc/self/stat'), 4),
      ...workers.map((pid) => ticksOf(read(`/proc/${pid}/stat`), 2)),
    ];
    return { all: busy + idle + iowait, busy, own: own.reduce((sum, ticks) => sum + ticks, 0) };
  } catch {
    return null;
  }
}

/**
 * How much of the machine others used between two readings, in cores; null where a reading is missing.
 *
 * @param cores of the machine
 */
export function otherCores(before: CpuTicks | null, after: CpuTicks | null, cores: number): number | null {
  if (before === null || after === null) return null;
  const passed = after.all - before.all;
  if (passed <= 0) return null;
  return Math.max(0, ((after.busy - before.busy - (after.own - before.own)) / passed) * cores);
}

/** From here on the figures are said to be of a machine that was not quiet; a desktop at rest uses less. In cores. */
const DISTURBING = 0.1;

/** From here on the figures are not published: PyTorch's were ten to a hundred times too high at 1.3 cores. */
const RUINING = 0.3;

/** A sentence for people; null where the machine was quiet, or nobody knows. */
export function otherWorkText(used: number | null): string | null {
  if (used === null || used < DISTURBING) return null;
  return `Other processes used ${used.toFixed(2)} cores of the machine on average while this was measured; measure again when it is quiet.`;
}

/** @throws ResultError when others disturbed the figures too much to publish them */
export function checkQuiet(used: number | null): void {
  if (used === null || used < RUINING) return;
  throw new ResultError(
    `--markdown: expected other processes to use less than ${RUINING} cores on average, got ${used.toFixed(2)}: threads that wait for each other come out many times too slow; the page is as it was, measure again when the machine is quiet`,
  );
}

/** Sums the first fields of utime, stime, cutime, cstime (proc(5)); the name before them may hold spaces. */
function ticksOf(stat: string, fields: number): number {
  const after = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return after.slice(11, 11 + fields).reduce((sum, text) => sum + Number(text), 0);
}

function readText(path: string): string {
  return readFileSync(path, 'utf8');
}
