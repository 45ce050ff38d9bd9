import { z } from 'zod';
import type { WorkerCommand } from './lineProcess.ts';
import { LineProcess } from './lineProcess.ts';

/** How to start a system's worker, or a sentence on what is missing and how to get it. The worker too may find something missing. */
export type SystemStart = { command: WorkerCommand } | { missing: string };

/** Something that a bench measures, in a process of its own. */
export interface WorkerSystem {
  /** What it is, for the notes. */
  about: string;
  start: (say: (line: string) => void) => SystemStart | Promise<SystemStart>;
}

/** What every worker answers to `{"do": "hello"}`, the first question: it loads the library that computes. */
export const helloAnswer = z.union([
  z.strictObject({
    version: z.string(),
    /** Threads that it takes by itself; null where it does not tell. */
    threads: z.int().nullable(),
  }),
  /** It cannot run here: a sentence on what is missing and how to get it. */
  z.strictObject({ missing: z.string() }),
]);

/** A system whose worker runs. */
export interface OpenSystem<Name extends string = string> {
  name: Name;
  worker: LineProcess;
  /** What it is and in which version, for the notes. */
  about: string;
}

export interface OpenSystems<Name extends string> {
  open: OpenSystem<Name>[];
  /** A sentence for each that cannot run here: what is missing and how to get it. */
  missing: string[];
}

/**
 * Starts the workers of systems; those that cannot run here are left out.
 *
 * @throws ResultError when a worker fails; none is left running then
 */
export async function openSystems<Name extends string>(
  systems: Readonly<Record<Name, WorkerSystem>>,
  names: readonly Name[],
  say: (line: string) => void,
): Promise<OpenSystems<Name>> {
  const open: OpenSystem<Name>[] = [];
  const missing: string[] = [];
  try {
    for (const name of names) {
      const opened = await openSystem(name, systems[name], say);
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
async function openSystem<Name extends string>(
  name: Name,
  system: WorkerSystem,
  say: (line: string) => void,
): Promise<OpenSystem<Name> | string> {
  const start = await system.start(say);
  if ('missing' in start) return start.missing;
  const worker = new LineProcess(name, start.command);
  try {
    const hello = await worker.ask({ do: 'hello' }, helloAnswer);
    if (!('missing' in hello)) {
      const threads = hello.threads === null ? '' : `, threads: ${hello.threads}`;
      return { name, worker, about: `${name}: ${system.about} (${hello.version}${threads})` };
    }
    await worker.close();
    return hello.missing;
  } catch (error) {
    await worker.close();
    throw error;
  }
}
