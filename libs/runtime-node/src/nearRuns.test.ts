import type { RuntimeTensor, Session } from '@onda/runtime';
import { describe, expect, it } from 'vitest';
import { NearRuns } from './nearRuns.ts';

function feedsOf(rows: number, time = 1): Record<string, RuntimeTensor> {
  return { x: { type: 'float32', dims: [rows, time], data: new Float32Array(rows * time) } };
}

/** A session whose runs take so long by a clock of its own, as onnxruntime-node does them: behind `setImmediate`. */
function nearWith(load?: () => Promise<Session>): {
  near: NearRuns;
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
  const near = new NearRuns(
    load ??
      (() => {
        loads++;
        return Promise.resolve(session);
      }),
    (text) => warnings.push(text),
    () => clock,
  );
  return { near, runs, warnings, takes: (milliseconds) => (runMs = milliseconds), loads: () => loads };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe(NearRuns, () => {
  it('leaves a size to the workers until one of them has told that it is short', async () => {
    const { near, runs, loads } = nearWith();
    expect(near.maybeRun(feedsOf(1), undefined)).toBeUndefined();
    near.ran(feedsOf(1), 0.03);
    await turn();
    await near.maybeRun(feedsOf(1), undefined);
    expect(runs).toEqual([1]);
    // Not measured yet.
    expect(near.maybeRun(feedsOf(64), undefined)).toBeUndefined();
    near.ran(feedsOf(1), 0.03);
    expect(loads()).toBe(1);
  });

  it('holds no session while all runs are long', async () => {
    const { near, loads } = nearWith();
    near.ran(feedsOf(1), 0.2);
    await turn();
    expect(near.maybeRun(feedsOf(1), undefined)).toBeUndefined();
    expect(loads()).toBe(0);
  });

  it('tells many rows from many samples, whose runs take longer for as many values', async () => {
    const { near } = nearWith();
    near.ran(feedsOf(64, 1), 0.03);
    near.ran(feedsOf(1, 64), 0.2);
    await turn();
    expect(near.maybeRun(feedsOf(64, 1), undefined)).toBeDefined();
    expect(near.maybeRun(feedsOf(1, 64), undefined)).toBeUndefined();
  });

  it('stays with one long run among short ones, and gives a size back whose runs have become long', async () => {
    const { near, takes } = nearWith();
    near.ran(feedsOf(1), 0.02);
    await turn();
    takes(50);
    await near.maybeRun(feedsOf(1), undefined);
    takes(0.02);
    await near.maybeRun(feedsOf(1), undefined);
    takes(0.5);
    let runs = 0;
    for (let run = near.maybeRun(feedsOf(1), undefined); run; run = near.maybeRun(feedsOf(1), undefined)) {
      await run;
      runs++;
    }
    expect(runs).toBeGreaterThan(1);
    expect(runs).toBeLessThan(20);
  });

  it('frees its session, and runs nothing from then on', async () => {
    const { near, runs } = nearWith();
    near.ran(feedsOf(1), 0.02);
    await near.release();
    expect(runs).toEqual([0]);
    expect(near.maybeRun(feedsOf(1), undefined)).toBeUndefined();
  });

  it('says why it cannot load the model, once, and leaves the runs to the workers', async () => {
    const { near, warnings } = nearWith(() => Promise.reject(new Error('no room')));
    near.ran(feedsOf(1), 0.02);
    near.ran(feedsOf(1), 0.02);
    await turn();
    expect(near.maybeRun(feedsOf(1), undefined)).toBeUndefined();
    expect(warnings).toEqual([
      'a model was not loaded for short runs, which go to the workers instead: no room',
    ]);
  });

  it('is for small models on one thread of the CPU alone', () => {
    const small = new Uint8Array(1);
    const cpu = { provider: 'cpu', inputs: [{ name: 'x', type: 'float32', shape: ['batch', 1] }] };
    expect(NearRuns.may(small, cpu)).toBe(true);
    expect(NearRuns.may(small, { ...cpu, provider: 'cuda' })).toBe(false);
    expect(NearRuns.may(small, cpu, 2)).toBe(false);
    expect(NearRuns.may(new Uint8Array(2 ** 20 + 1), cpu)).toBe(false);
  });

  it('leaves to the workers what a number in a request can make long', () => {
    const inputs = [
      { name: 'prompt', type: 'float32', shape: ['batch', 'time'] },
      { name: 'horizon', type: 'int64', shape: [] },
    ];
    expect(NearRuns.may(new Uint8Array(1), { provider: 'cpu', inputs })).toBe(false);
  });
});
