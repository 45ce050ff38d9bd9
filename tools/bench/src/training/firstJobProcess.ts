import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { ResultError } from '@onda/contract';
import { ensurePytorch } from '../peers/pytorch.ts';
import { pythonCommand } from '../peers/pythonCommand.ts';
import { runProgram } from '../peers/runProgram.ts';
import type { RoundTimes } from '../rounds.ts';
import type { WorkerCommand } from '../worker/lineProcess.ts';
import { nodeCommand } from '../worker/nodeCommand.ts';
import { makeStart } from './start.ts';
import type { SystemName } from './systems.ts';
import { firstJob, parseWork } from './work.ts';

/** Name of the work: the first job as a process, from its start to its exit. */
export const firstJobProcess = 'first-job-process';

/** How each system runs it as a script of its own; those without one are not measured. */
const commands: Partial<Record<SystemName, (start: string) => Promise<WorkerCommand | null>>> = {
  'onda-native': (start) => Promise.resolve(ondaScript(start, 'tensorflow')),
  'onda-portable': (start) => Promise.resolve(ondaScript(start, 'cpu')),
  pytorch: async (start) => {
    const found = await ensurePytorch(() => undefined);
    return 'python' in found ? pythonCommand(found.python, 'first_job.py', [start]) : null;
  },
};

/**
 * Runs the first job (start, 100 steps, exit) as a process of each system, in turn. One run of each comes first and does not count: it
 * brings the files into memory.
 *
 * @param names systems that can run here
 * @returns seconds of each round, and the losses of each step, by system
 */
export async function measureFirstJobProcess(
  names: readonly SystemName[],
  rounds: number,
  folder: string,
): Promise<{ times: RoundTimes; losses: Map<SystemName, readonly number[]> }> {
  const start = path.join(folder, `${firstJobProcess}.json`);
  writeFileSync(start, JSON.stringify(makeStart(parseWork(firstJob))));
  const scripts: { name: SystemName; command: WorkerCommand }[] = [];
  for (const name of names) {
    const command = await commands[name]?.(start);
    if (command) scripts.push({ name, command });
  }
  const times: RoundTimes = new Map(scripts.map(({ name }) => [name, []]));
  const losses = new Map<SystemName, readonly number[]>();
  for (let round = -1; round < rounds; round++) {
    for (const { name, command } of scripts) {
      const began = performance.now();
      losses.set(name, await runScript(name, command));
      if (round >= 0) times.get(name)?.push((performance.now() - began) / 1000);
    }
  }
  return { times, losses };
}

function ondaScript(start: string, want: string): WorkerCommand {
  return nodeCommand(new URL('./firstJobScript.ts', import.meta.url), [start, want]);
}

async function runScript(name: string, { program, args, env }: WorkerCommand): Promise<number[]> {
  const { code, stdout, stderr } = await runProgram(program, args, env);
  if (code === 0) return z.array(z.number()).parse(JSON.parse(stdout));
  throw new ResultError(
    `${firstJobProcess}: expected the script of ${name} to end with code 0, got ${code}: ${stderr.trim().split('\n').at(-1) ?? ''}; run the bench without it (--systems)`,
  );
}
