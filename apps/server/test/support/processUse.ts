import { readFile } from 'node:fs/promises';
import type { ServiceProcess } from './service.ts';

/** Ticks of Linux's clock in a second, in which /proc counts. */
const TICKS = 100;

/** Processor time that a service has used since its start, milliseconds. */
export async function cpuMs({ process }: ServiceProcess): Promise<number> {
  const stat = await readFile(`/proc/${process.pid}/stat`, 'utf8');
  // Behind the name, which may hold blanks: state is field 3, utime 14, stime 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) / TICKS) * 1000;
}

/** Resident memory of a service, MiB. */
export async function residentMiB({ process }: ServiceProcess): Promise<number> {
  const status = await readFile(`/proc/${process.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}
