import { describe, expect, it } from 'vitest';
import type { RuntimeTensor, Session } from '@onda/runtime';
import { InlineRuns } from './inlineRuns.ts';

function feedsOf(rows: number, time = 1): Record<string, RuntimeTensor> {
  return { x: { type: 'float32', dims: [rows, time], data: new Float32Array(rows * time) } };
}

/** A session whose runs have a given duration on a fake clock and start in `setImmediate` as in onnxruntime-node. */
function nearWith(load?: () => Promise<Session>): {
  inline: InlineRuns;
  runs: number[];
  warnings: string[];
  takes: (milliseconds: number) => void;
  loads: () => number;
} {
  const runs: number[] = [];
  const warnings: string[] = [];
  let clock = 0;
  let runMs = 0.02;
  let loads = 0;
  const session: Session = {
    inputs: [],
    outputs: [],
    provider: 'cpu',
    run: (feeds) =>
      new Promise((resolve) => {
        setImmediate(() => {
          runs.push(feeds['x'].dims[0]);
          clock += runMs;
          resolve({});
        });
      }),
    release: () => {
      runs.push(0);
      return Promise.resolve();
    },
  };
  const inline = new InlineRuns(
    [{ name: 'x', type: 'float32', shape: ['batch', 'time'] }],
    load ??
      (() => {
        loads++;
        return Promise.resolve(session);
      }),
    (text) => warnings.push(text),
    undefined,
    () => clock,
  );
  return { inline, runs, warnings, takes: (milliseconds) => (runMs = milliseconds), loads: () => loads };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe(InlineRuns, () => {
  it('sends a size to the workers until one of them has reported short runs', async () => {
    const { inline, runs, loads } = nearWith();
    expect(inline.maybeRun(feedsOf(1), undefined)).toBeUndefined();
    inline.record(feedsOf(1), 0.03);
    await turn();
    await inline.maybeRun(feedsOf(1), undefined);
    expect(runs).toEqual([1]);
    // Not measured yet.
    expect(inline.maybeRun(feedsOf(64), undefined)).toBeUndefined();
    inline.record(feedsOf(1), 0.03);
    expect(loads()).toBe(1);
  });

  it('loads no session while all runs are long', async () => {
    const { inline, loads } = nearWith();
    inline.record(feedsOf(1), 0.2);
    await turn();
    expect(inline.maybeRun(feedsOf(1), undefined)).toBeUndefined();
    expect(loads()).toBe(0);
  });

  it('distinguishes many rows from many samples, whose runs take longer for the same number of values', async () => {
    const { inline } = nearWith();
    inline.record(feedsOf(64, 1), 0.03);
    inline.record(feedsOf(1, 64), 0.2);
    await turn();
    expect(inline.maybeRun(feedsOf(64, 1), undefined)).toBeDefined();
    expect(inline.maybeRun(feedsOf(1, 64), undefined)).toBeUndefined();
  });

  it('stays with one long run among short ones, and gives a size back whose runs have become long', async () => {
    const { inline, takes } = nearWith();
    inline.record(feedsOf(1), 0.02);
    await turn();
    takes(50);
    await inline.maybeRun(feedsOf(1), undefined);
    takes(0.02);
    await inline.maybeRun(feedsOf(1), undefined);
    takes(0.5);
    let runs = 0;
    for (
      let run = inline.maybeRun(feedsOf(1), undefined);
      run;
      run = inline.maybeRun(feedsOf(1), undefined)
    ) {
      await run;
      runs++;
    }
    expect(runs).toBeGreaterThan(1);
    expect(runs).toBeLessThan(20);
  });

  it('frees its session and runs nothing afterwards', async () => {
    const { inline, runs } = nearWith();
    inline.record(feedsOf(1), 0.02);
    await inline.release();
    expect(runs).toEqual([0]);
    expect(inline.maybeRun(feedsOf(1), undefined)).toBeUndefined();
  });

  it('says why it cannot load the model, once, and leaves the runs to the workers', async () => {
    const { inline, warnings } = nearWith(() => Promise.reject(new Error('no room')));
    inline.record(feedsOf(1), 0.02);
    inline.record(feedsOf(1), 0.02);
    await turn();
    expect(inline.maybeRun(feedsOf(1), undefined)).toBeUndefined();
    expect(warnings).toEqual([
      'a model was not loaded for short runs, which use the workers instead: no room',
    ]);
  });

  it('measures each symbolic dim, since equal numbers of values may take different times', async () => {
    const { inline } = nearWith();
    inline.record(feedsOf(1, 2), 0.03);
    await turn();
    expect(inline.maybeRun(feedsOf(2, 1), undefined)).toBeUndefined();
    expect(inline.maybeRun(feedsOf(1, 2), undefined)).toBeDefined();
  });

  it('supports only small models on one CPU thread', () => {
    const small = new Uint8Array(1);
    const cpu = { provider: 'cpu', inputs: [{ name: 'x', type: 'float32', shape: ['batch', 1] }], loadMs: 5 };
    expect(InlineRuns.supports(small, cpu)).toBe(true);
    expect(InlineRuns.supports(small, { ...cpu, provider: 'cuda' })).toBe(false);
    expect(InlineRuns.supports(small, cpu, 2)).toBe(false);
    expect(InlineRuns.supports(new Uint8Array(2 ** 20 + 1), cpu)).toBe(false);
    // Its load would block the calling thread.
    expect(InlineRuns.supports(small, { ...cpu, loadMs: 5000 })).toBe(false);
  });

  it('sends models with integer inputs to the workers', () => {
    const inputs = [
      { name: 'prompt', type: 'float32', shape: ['batch', 'time'] },
      { name: 'horizon', type: 'int64', shape: [] },
    ];
    expect(InlineRuns.supports(new Uint8Array(1), { provider: 'cpu', inputs, loadMs: 5 })).toBe(false);
  });
});
