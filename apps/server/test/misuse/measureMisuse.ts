import { readFile, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuMs } from '../support/processUse.ts';
import type { ServiceProcess } from '../support/service.ts';
import type { MisuseCase, Target } from './misuseCase.ts';

/** What the service used for one amount of a case. */
export interface Use {
  readonly count: number;
  /** Processor time of all threads, milliseconds. */
  readonly cpuMs: number;
  /** The most resident memory, MiB. */
  readonly peakMiB: number;
  /** The most processor time of the main thread between a health probe and its response, milliseconds: how long it was blocked. */
  readonly blockedMs: number;
  /** The longest time to the response of a health probe, milliseconds; it depends on what else the machine does. */
  readonly probeMs: number;
  /** Probes that were answered, and those that were not answered with 200. */
  readonly probes: number;
  readonly failedProbes: number;
}

export interface Growth {
  readonly name: string;
  readonly unit: string;
  readonly authenticated: boolean;
  /** Resident memory of the service at its start, MiB. */
  readonly startMiB: number;
  readonly small: Use;
  readonly large: Use;
}

/** The most memory that misuse may add to the service's at its start, MiB. The service compiled takes 150 MiB then, so it stays below 400. */
const MAX_ADDED_MIB = 250;

/**
 * How long the main thread may be blocked before a health probe is answered, milliseconds of processor time: 0.1 to 0.3 s, and three times
 * that on a machine whose caches others use.
 */
const MAX_BLOCKED_MS = 1000;

/** Growth of processor time from N to 10 N: linear, with room for a garbage collection and the clock's tick. */
const MAX_GROWTH = 12;
const SLACK_MS = 300;

const PROBE_INTERVAL_MS = 20;

/** Runs a case at N and at 10 N. @param share of N to send */
export async function measureGrowth(
  service: ServiceProcess,
  startMiB: number,
  misuse: MisuseCase,
  target: Target,
  share: number,
): Promise<Growth> {
  const { name, unit } = misuse;
  const count = Math.ceil(share * misuse.count);
  const small = await measure(service, misuse, target, count);
  const large = await measure(service, misuse, target, 10 * count);
  return { name, unit, authenticated: target.token !== undefined, startMiB, small, large };
}

/** What is wrong with a growth; none: nothing. */
export function problemsOf({ name, startMiB, small, large }: Growth): string[] {
  const allowed = MAX_GROWTH * small.cpuMs + SLACK_MS;
  const problems: string[] = [];
  if (large.cpuMs > allowed) {
    problems.push(
      `${large.cpuMs.toFixed(0)} ms of processor time for ten times what takes ${small.cpuMs.toFixed(0)} ms`,
    );
  }
  for (const { peakMiB, blockedMs, failedProbes, probes } of [small, large]) {
    const addedMiB = peakMiB - startMiB;
    if (addedMiB > MAX_ADDED_MIB) problems.push(`${addedMiB.toFixed(0)} MiB of memory`);
    if (blockedMs > MAX_BLOCKED_MS)
      problems.push(`a health probe waited for ${blockedMs.toFixed(0)} ms of processor time`);
    if (failedProbes > 0 || probes === 0) problems.push(`${failedProbes} of ${probes} health probes failed`);
  }
  return problems.map((problem) => `${name}: ${problem}`);
}

async function measure(
  service: ServiceProcess,
  { send }: MisuseCase,
  target: Target,
  count: number,
): Promise<Use> {
  const { pid } = service.process;
  // Resets the peak of resident memory.
  await writeFile(`/proc/${pid}/clear_refs`, '5');
  const before = await cpuMs(service);
  let isDone = false;
  const probing = probe(service, () => isDone);
  try {
    await send(target, count);
  } finally {
    isDone = true;
  }
  const probes = await probing;
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return {
    count,
    cpuMs: (await cpuMs(service)) - before,
    peakMiB: Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024,
    ...probes,
  };
}

/** Sends health probes until the case is done, and one more, which shows that the service has handled what came before it. */
async function probe(
  service: ServiceProcess,
  isDone: () => boolean,
): Promise<Pick<Use, 'blockedMs' | 'probeMs' | 'probes' | 'failedProbes'>> {
  const use = { blockedMs: 0, probeMs: 0, probes: 0, failedProbes: 0 };
  for (let isLast = false; !isLast;) {
    isLast = isDone();
    const [cpu, since] = [await mainThreadMs(service), performance.now()];
    const status = await liveStatus(service.port);
    use.probes++;
    if (status !== 200) use.failedProbes++;
    use.probeMs = Math.max(use.probeMs, performance.now() - since);
    use.blockedMs = Math.max(use.blockedMs, (await mainThreadMs(service)) - cpu);
    if (!isLast) await sleep(PROBE_INTERVAL_MS);
  }
  return use;
}

/** Status of `/v2/health/live` over a separate connection, from a separate address; 0: no answer. */
function liveStatus(port: number): Promise<number> {
  return new Promise((resolve) => {
    const request = get({
      host: '127.0.0.1',
      port,
      path: '/v2/health/live',
      localAddress: '127.0.0.2',
      agent: false,
    });
    request.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on('error', () => {
      resolve(0);
    });
  });
}

/** Processor time of the main thread, milliseconds. */
async function mainThreadMs({ process: { pid } }: ServiceProcess): Promise<number> {
  const [nanoseconds] = (await readFile(`/proc/${pid}/task/${pid}/schedstat`, 'utf8')).split(' ');
  return Number(nanoseconds) / 1e6;
}
