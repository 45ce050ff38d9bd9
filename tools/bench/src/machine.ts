import { availableParallelism, cpus, release, totalmem, type } from 'node:os';

/** What the figures were taken on. */
export interface Machine {
  cpu: string;
  /** Cores that this process may use. */
  cores: number;
  /** Main memory in gibibytes. */
  memoryGiB: number;
  os: string;
  node: string;
  /** Day of the measurement, YYYY-MM-DD. */
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

/** A machine in one line. */
export function machineText({ cpu, cores, memoryGiB, os, node, date }: Machine): string {
  return `${date}, ${cpu}, ${cores} ${cores === 1 ? 'core' : 'cores'}, ${memoryGiB} GiB, ${os}, Node ${node}`;
}
