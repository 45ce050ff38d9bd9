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

/** Starts the workers of systems; those that cannot run here are left out. */
export async function openSystems(
  names: readonly SystemName[],
  say: (line: string) => void,
): Promise<OpenSystems> {
  const open: OpenSystem[] = [];
  const missing: string[] = [];
  const leaveOut = (name: string, why: string): void => {
    const sentence = `${name} is left out: ${why}`;
    say(sentence);
    missing.push(sentence);
  };
  for (const name of names) {
    const start = await systems[name].start(say);
    if ('missing' in start) {
      leaveOut(name, start.missing);
      continue;
    }
    const worker = new LineProcess(name, start.command);
    const hello = await worker.ask({ do: 'hello' }, workerAnswers.hello);
    if ('missing' in hello) {
      await worker.close();
      leaveOut(name, hello.missing);
      continue;
    }
    const threads = hello.threads === null ? '' : `, threads: ${hello.threads}`;
    open.push({ name, worker, about: `${name}: ${systems[name].about} (${hello.version}${threads})` });
  }
  return { open, missing };
}
