import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { emptyFolder, examples, onda, workspace } from './command.ts';

const sine = path.join(examples, 'lagged-sine.yaml');
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const cli = path.join(workspace, 'apps/trainer/src/cli.ts');

const steps = 3000;
/** Enough steps that a signal arrives before the last one. */
const long = [
  ...['fit', sine, '--no-export', '--set', `training.steps=${steps}`],
  ...['--set', 'training.checkpoint.everySteps=100', '--set', 'training.checkpoint.keep=2'],
  ...['--set', 'training.average=0.9'],
];

/** Steps of the checkpoints of a run. */
function checkpoints(run: string): number[] {
  const folder = path.join(run, 'checkpoints');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.bin'))
    .map((name) => Number(/\d+/.exec(name)?.[0]));
}

/** Starts a fit, and sends it a signal once it has a checkpoint of at least `step` steps. */
async function interrupted(
  args: readonly string[],
  cwd: string,
  step: number,
  signal: NodeJS.Signals,
): Promise<{ code: number | null; stderr: string }> {
  const child = spawn(process.execPath, ['--import', tsx, cli, ...args], { cwd });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const timer = setInterval(() => {
    if (Math.max(0, ...checkpoints(path.join(cwd, 'part'))) < step) return;
    // Once: a second signal ends the process at once.
    clearInterval(timer);
    child.kill(signal);
  }, 5);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearInterval(timer);
  return { code, stderr };
}

const weights = (folder: string, run: string): Buffer =>
  readFileSync(path.join(folder, run, 'model/weights.bin'));

describe('runs', () => {
  it('continue to the same bits after SIGTERM and SIGKILL', async () => {
    const folder = emptyFolder();
    expect((await onda([...long, '--out', 'whole'], folder)).code).toBe(0);
    const part = [...long, '--out', 'part'];
    const terminated = await interrupted(part, folder, 200, 'SIGTERM');
    expect(terminated.stderr).toMatch(/stopped after step \d+; continue with --resume\n$/);
    expect(terminated.code).toBe(143);
    const resume = [...part, '--resume'];
    for (const step of [600, 1500]) {
      expect((await interrupted(resume, folder, step, 'SIGKILL')).code).toBeNull();
      expect(existsSync(path.join(folder, 'part/run.json'))).toBe(false);
    }
    expect((await onda(resume, folder)).code).toBe(0);
    expect(weights(folder, 'part').equals(weights(folder, 'whole'))).toBe(true);
    expect(checkpoints(path.join(folder, 'part'))).toEqual([steps - 100, steps]);
    const metrics = (run: string): string => readFileSync(path.join(folder, run, 'metrics.jsonl'), 'utf8');
    expect(metrics('part')).toBe(metrics('whole'));

    const finished = await onda(resume, folder);
    expect(finished.code).toBe(0);
    expect(finished.stderr).toContain(`the run in part is finished (${steps} steps, loss `);
  });

  it('are not overwritten, mixed or written twice at once', async () => {
    const folder = emptyFolder();
    writeFileSync(
      path.join(folder, 'a.csv'),
      `v\n${Array.from({ length: 60 }, (_, i) => Math.sin(i)).join('\n')}\n`,
    );
    writeFileSync(
      path.join(folder, 'a.yaml'),
      'name: a\ndata: { kind: csv, file: a.csv, columns: [v] }\ntraining: { steps: 5 }\n',
    );
    const fit = ['fit', 'a.yaml', '--no-export'];
    expect((await onda(fit, folder)).code).toBe(0);
    const refused = async (args: string[], text: string): Promise<void> => {
      const { code, stderr } = await onda([...fit, ...args], folder);
      expect(stderr).toContain(text);
      expect(code).toBe(2);
      expect(stderr).not.toContain('    at ');
    };
    await refused([], 'run folder runs/a: expected a new folder, got one with a run; add --resume');
    await refused(
      ['--resume', '--set', 'training.learningRate=0.5'],
      '--resume: expected training.learningRate 0.02, as in the run in runs/a, got 0.5;',
    );
    await refused(
      ['--resume', '--set', 'training.steps=50'],
      'got 50: the learning rate of the schedule one-cycle would jump;',
    );
    writeFileSync(path.join(folder, 'a.csv'), `v\n${Array.from({ length: 60 }, (_, i) => i).join('\n')}\n`);
    await refused(['--resume'], '--resume: expected the data of the run in runs/a (SHA-256 ');
    const evaluation = path.join(folder, 'runs/a/evaluation.json');
    writeFileSync(evaluation, '{}');
    expect((await onda([...fit, '--force'], folder)).code).toBe(0);
    expect(existsSync(evaluation)).toBe(false);

    mkdirSync(path.join(folder, 'runs/b/lock'), { recursive: true });
    const owner = { token: 'ab', pid: 1, started: '', machine: 'another machine' };
    writeFileSync(path.join(folder, 'runs/b/lock/owner.json'), JSON.stringify(owner));
    await refused(['--out', 'runs/b'], 'got one that is in use by process 1 of another; wait for it');
    await refused(
      ['--out', 'a.csv/run'],
      'a.csv/run: cannot be written: a part of its path is a file; check',
    );
  });

  it('end with a sentence when the training diverges', async () => {
    const folder = emptyFolder();
    const result = await onda(['fit', sine, '--set', 'training.learningRate=1e6'], folder);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/training step \d+ \(counted from 0\): expected a loss near the first one/);
    expect(existsSync(path.join(folder, 'models'))).toBe(false);
  });
});
