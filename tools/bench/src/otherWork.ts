import { readFileSync } from 'node:fs';

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
 * How much of the machine others used between two readings, in cores.
 *
 * @param cores of the machine
 */
export function otherCores(before: CpuTicks, after: CpuTicks, cores: number): number {
  const passed = after.all - before.all;
  if (passed <= 0) return 0;
  return Math.max(0, ((after.busy - before.busy - (after.own - before.own)) / passed) * cores);
}

/** Sums the first fields of utime, stime, cutime, cstime (proc(5)); the name before them may hold spaces. */
function ticksOf(stat: string, fields: number): number {
  const after = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return after.slice(11, 11 + fields).reduce((sum, text) => sum + Number(text), 0);
}

function readText(path: string): string {
  return readFileSync(path, 'utf8');
}
