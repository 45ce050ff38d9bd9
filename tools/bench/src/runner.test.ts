import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DataError, ResultError } from '@onda/contract';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Bench } from './bench.ts';
import { parseOneOf } from './bench.ts';
import type { RowFile } from './report/measurement.ts';
import { dotChart } from './report/chart.ts';
import type { RunOptions } from './runner.ts';
import { runBench } from './runner.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'onda-bench-test-'));
  writeFileSync(path.join(folder, 'page.md'), '# Test\n\n<!-- bench test -->\n\n<!-- end test -->\n');
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});

afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

/** Two systems that take so many milliseconds; values of the second one differ by `difference`. */
const benchOf = (ours: number, theirs: number, difference = 0): Bench<{ name: string }> => ({
  title: 'Times',
  workloads: () => ['small', 'large'],
  parseWorkload: (name) => parseOneOf([{ name: 'small' }, { name: 'large' }], name),
  subjects: ['onda', 'peer'],
  peer: 'peer',
  goals: [{ work: /./, system: 'onda', relation: 'at most', bound: 1, peer: { system: 'peer' } }],
  measure: ({ workloads }) => {
    const measurements = workloads.flatMap(({ name: workload }) => [
      { workload, metric: '', subject: 'onda', unit: 'ms', values: [ours] },
      { workload, metric: '', subject: 'peer', unit: 'ms', values: [theirs] },
    ]);
    const values = { subject: 'peer', reference: 'onda', compared: 1, difference, allowed: 0, note: '' };
    return Promise.resolve({
      measurements,
      agreements: workloads.map(({ name: workload }) => ({ workload, ...values })),
      notes: ['a note'],
      chart: dotChart(measurements, '', { alt: 'times', xLabel: 'ms' }),
    });
  },
});

const run = (bench: Bench<{ name: string }>, options: Partial<RunOptions> = {}): Promise<void> =>
  runBench('test', bench, {
    ...{ quick: false, scaling: false },
    ...{ json: path.join(folder, 'rows.json'), markdown: path.join(folder, 'page.md') },
    ...options,
  });
const rows = (): RowFile['rows'] =>
  (JSON.parse(readFileSync(path.join(folder, 'rows.json'), 'utf8')) as RowFile).rows;

describe(runBench, () => {
  it('writes the rows, the section of the page and its chart', async () => {
    await run(benchOf(1, 2));
    expect(rows().map(({ work, system, median }) => [work, system, median])).toEqual([
      ['small', 'onda', 1],
      ['small', 'peer', 2],
      ['large', 'onda', 1],
      ['large', 'peer', 2],
    ]);
    const page = readFileSync(path.join(folder, 'page.md'), 'utf8');
    for (const part of ['![times](test.svg)', '**Goals: 2 of 2 met**', '**Times**', '- a note'])
      expect(page).toContain(part);
    expect(existsSync(path.join(folder, 'test.svg'))).toBe(true);
  });

  it('measures the named workloads, each once', async () => {
    await run(benchOf(1, 2), { works: ['large', 'large'] });
    expect(rows().map(({ work }) => work)).toEqual(['large', 'large']);
    await expect(run(benchOf(1, 2), { works: ['huge'] })).rejects.toThrow(
      '--works: expected some of small, large, got "huge"; correct the name',
    );
  });

  it('fails after the files when a goal was missed, but not in a trial', async () => {
    await expect(run(benchOf(3, 2), { works: ['small'] })).rejects.toThrow(
      new ResultError('small of onda: expected at most 1 times peer, got 1.50 times'),
    );
    expect(rows()).toHaveLength(2);
    await run(benchOf(3, 2), { quick: true });
  });

  it('writes no file when the values differ', async () => {
    await expect(run(benchOf(1, 2, 0.5))).rejects.toThrow(ResultError);
    expect(readdirSync(folder)).toEqual(['page.md']);
  });

  it('rejects a page that does not exist before it measures', async () => {
    const page = path.join(folder, 'none.md');
    await expect(run(benchOf(1, 2), { markdown: page })).rejects.toThrow(
      new DataError(`--markdown: expected a page at ${page}, found none; name an existing page`),
    );
  });
});
