import { LineProcess } from '../worker/lineProcess.ts';
import type { SystemName } from './systems.ts';
import { systems } from './systems.ts';
import { workerAnswers } from './workerAnswers.ts';

/** A system whose worker runs. */
export interface OpenSystem {
  name: SystemName;
  worker: LineProcess;
  /** What it is and in which version, for the notes. */
  about: string;
}

export interface OpenSystems {
  open: OpenSystem[];
  /** A sentence for each that cannot run here: what is missing and how to get it. */
  missing: string[];
}

/**
 * Starts the workers of systems; those that cannot run here are left out.
 *
 * @throws ResultError when a worker fails; none is left running then
 */
export async function openSystems(
  names: readonly SystemName[],
  say: (line: string) => void,
): Promise<OpenSystems> {
  const open: OpenSystem[] = [];
  const missing: string[] = [];
  try {
    for (const name of names) {
      const opened = await openSystem(name, say);
      if (typeof opened === 'string') {
        missing.push(`${name} is left out: ${opened}`);
        say(`${name} is left out: ${opened}`);
      } else open.push(opened);
    }
  } catch (error) {
    await closeSystems(open);
    throw error;
  }
  return { open, missing };
}

/** Ends the workers. */
export async function closeSystems(open: readonly OpenSystem[]): Promise<void> {
  await Promise.all(open.map(({ worker }) => worker.close()));
}

/** Starts a worker, or says what it misses. */
async function openSystem(name: SystemName, say: (line: string) => void): Promise<OpenSystem | string> {
  const start = await systems[name].start(say);
  if ('missing' in start) return start.missing;
  const worker = new LineProcess(name, start.command);
  try {
    const hello = await worker.ask({ do: 'hello' }, workerAnswers.hello);
    if (!('missing' in hello)) {
      const threads = hello.threads === null ? '' : `, threads: ${hello.threads}`;
      return { name, worker, about: `${name}: ${systems[name].about} (${hello.version}${threads})` };
    }
    await worker.close();
    return hello.missing;
  } catch (error) {
    await worker.close();
    throw error;
  }
}
