import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findRedis, RedisServer } from '@onda/serving/testing';
import { describe, expect, it } from 'vitest';
import { cliArguments, emptyFolder, examples, onda } from './command.ts';

interface Trials {
  trials: { id: string; metric: number | null; error?: string; settings: Record<string, number> }[];
}

/** A sweep over fits of the lagged sine; its path. */
function writeSweep(folder: string, more: object): string {
  const file = path.join(folder, 'sweep.yaml');
  const sweep = { name: 'a', config: path.join(examples, 'lagged-sine.yaml'), metric: 'loss', ...more };
  writeFileSync(file, JSON.stringify(sweep));
  return file;
}

const trialsOf = (stdout: string): Trials['trials'] => (JSON.parse(stdout) as Trials).trials;

describe('sweep', () => {
  it('fits a grid, and continues where it was interrupted', async () => {
    const folder = emptyFolder();
    const values = { 'training.steps': [10, 20], 'training.learningRate': [0.01, 1e30] };
    const sweep = writeSweep(folder, { values, workers: 2 });
    const whole = await onda(['sweep', sweep, '--json'], folder);
    expect([whole.code, whole.stderr.includes('unexpected')]).toEqual([0, false]);
    const trials = trialsOf(whole.stdout);
    expect(trials[0].settings).toEqual({ 'training.steps': 20, 'training.learningRate': 0.01 });
    // A fit that diverges is a result.
    expect(trials.filter(({ metric }) => metric === null)).toHaveLength(2);
    expect(readFileSync(path.join(folder, 'runs/a/best.yaml'), 'utf8')).toContain('steps: 20');
    expect(readFileSync(path.join(folder, 'runs/a/report.html'), 'utf8')).toContain('<svg');

    // As after an interruption: two results are missing.
    const file = path.join(folder, 'runs/a/sweep.json');
    const state = JSON.parse(readFileSync(file, 'utf8')) as { results: unknown[] };
    state.results.splice(1, 2);
    writeFileSync(file, JSON.stringify(state));
    const rest = await onda(['sweep', sweep, '--json'], folder);
    expect(rest.stderr).toContain('continuing after 2 trials');
    expect(rest.stderr.match(/^trial /gm)).toHaveLength(2);
    expect(trialsOf(rest.stdout).map(({ id, metric }) => [id, metric])).toEqual(
      trials.map(({ id, metric }) => [id, metric]),
    );

    const other = await onda(['sweep', writeSweep(folder, { values: { 'training.steps': [5] } })], folder);
    expect([other.code, other.stderr]).toEqual([
      2,
      'sweep: runs/a: expected results of the same sweep, got those of another search, configuration or data; choose another name, or start again with --force\n',
    ]);
  });

  it('finds a mistake in any trial before the first one', async () => {
    const folder = emptyFolder();
    const sweep = writeSweep(folder, { values: { 'net.units': [8, -1] } });
    const result = await onda(['sweep', sweep], folder);
    expect(result.code).toBe(2);
    expect(result.stderr).toContain(
      'trial 002 (net.units -1): net.units: expected a number of at least 1, got -1',
    );
    expect(existsSync(path.join(folder, 'runs'))).toBe(false);
  });
});

describe.skipIf(findRedis() === undefined)('sweep over Redis', () => {
  it('runs the trial of a killed worker on another one', async () => {
    const folder = emptyFolder();
    const redis = await RedisServer.start();
    const workers: ChildProcess[] = [];
    try {
      const started = new Map<ChildProcess, string[]>();
      const firstTrial = new Promise<ChildProcess>((resolve) => {
        for (let index = 0; index < 3; index++) {
          const args = [...cliArguments, 'worker', '--redis', redis.url, '--lease', '2'];
          const worker = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
          workers.push(worker);
          started.set(worker, []);
          worker.stderr.setEncoding('utf8').on('data', (text: string) => {
            for (const [, trial] of text.matchAll(/trial (\d+): started/g)) {
              started.get(worker)?.push(trial);
              resolve(worker);
            }
          });
        }
      });
      const values = { 'training.steps': [100, 200, 300, 400, 500, 600] };
      const sweeping = onda(
        ['sweep', writeSweep(folder, { values }), '--redis', redis.url, '--json'],
        folder,
      );
      const killed = await firstTrial;
      killed.kill('SIGKILL');
      const { code, stdout, stderr } = await sweeping;
      expect([code, stderr.includes('unexpected')]).toEqual([0, false]);
      const trials = trialsOf(stdout);
      expect(trials.map(({ metric }) => typeof metric)).toEqual(Array(6).fill('number'));
      const [lost] = started.get(killed) ?? [];
      const others = workers
        .filter((worker) => worker !== killed)
        .flatMap((worker) => started.get(worker) ?? []);
      expect(others).toContain(lost);

      // SIGTERM ends a worker with the exit code of the signal.
      const [stopped] = workers.filter((worker) => worker !== killed);
      const exit = once(stopped, 'exit');
      stopped.kill('SIGTERM');
      expect(await exit).toEqual([143, null]);
    } finally {
      for (const worker of workers) worker.kill('SIGKILL');
      await redis.stop();
    }
  });
});
