import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { putModel } from './support/modelFolders.ts';
import { exitOf, startService } from './support/service.ts';
import type { ServiceProcess } from './support/service.ts';

/** More iterations than end within any time limit. */
const ENDLESS = 2 ** 52;

const limit = 'parameters { key: "run_timeout_seconds" value { string_value: "1" } }';
const loops = `${limit} max_batch_size: 8 sequence_batching { state { input_name: "sum_in" output_name: "sum_out" data_type: TYPE_FP32 dims: 1 } }`;

let folder: string;
let service: ServiceProcess;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onda-slow-'));
  await putModel(folder, 'loops', 1, 'loops', loops);
  await putModel(folder, 'endless', 1, 'endless', limit);
  // Its integer inputs keep its runs on the worker.
  await putModel(folder, 'named', 1, 'named');
  await putModel(folder, 'adds', 1, 'adds1');
  service = await start();
});
afterAll(async () => {
  await service.stop();
  await rm(folder, { recursive: true });
});

function start(): Promise<ServiceProcess> {
  return startService(folder, [
    ...['--model-control', 'explicit', '--load-model', 'named,loops,adds', '--admin-port', '0'],
    ...['--allow-operators', 'Loop'],
  ]);
}

interface Answer {
  status: number;
  body: { error?: string; outputs: { data: number[] }[] };
}

async function infer(model: string, inputs: readonly object[], parameters: object = {}): Promise<Answer> {
  const response = await fetch(`${service.url}/v2/models/${model}/infer`, {
    method: 'POST',
    body: JSON.stringify({ inputs, parameters, outputs: [] }),
  });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

const count = (n: number, parameters: object): Promise<Answer> =>
  infer('loops', [{ name: 'n', datatype: 'INT64', shape: [1, 1], data: [n] }], parameters);

/** The statuses of the live probe and of requests to other models, one of them in a sequence. */
async function others(): Promise<number[]> {
  const live = await fetch(`${service.url}/v2/health/live`);
  const ready = await fetch(`${service.url}/v2/health/ready`);
  const named = await infer('named', [
    { name: 'x', datatype: 'INT64', shape: [1, 1], data: [2] },
    { name: 'id', datatype: 'INT64', shape: [1, 1], data: [3] },
    { name: 's_in', datatype: 'FP32', shape: [1, 1], data: [0] },
  ]);
  const adds = await infer('adds', [
    { name: 'x', datatype: 'FP32', shape: [1, 1], data: [0] },
    { name: 'sum_in', datatype: 'FP32', shape: [1, 1], data: [0] },
  ]);
  return [live.status, ready.status, named.status, adds.status];
}

/** Repeats a check until `task` has ended; returns the results and what the task returned. */
async function during<Result, Check>(
  task: Promise<Result>,
  check: () => Promise<Check>,
): Promise<[Result, Check[]]> {
  const state = { ended: false };
  const all: Check[] = [];
  const result = task.finally(() => (state.ended = true));
  while (!state.ended) all.push(await check());
  return [await result, all];
}

describe('a model that takes long', () => {
  it('is loaded and run for the first time while the others answer, until its time limit', async () => {
    const admin = `${String(service.ready.admin)}/v2/repository/models/endless/load`;
    const [response, statuses] = await during(fetch(admin, { method: 'POST' }), others);
    expect(response.status).toBe(400);
    expect(statuses.length).toBeGreaterThan(3);
    expect(new Set(statuses.flat())).toEqual(new Set([200]));
    expect(service.stderr()).toContain('did not end within 1 s and was stopped');
  });

  it('is stopped in a run beyond the time limit, and answers again, with the states of its sequences', async () => {
    const start = await count(3, { sequence_id: 's', sequence_start: true });
    expect(start.body.outputs[0].data).toEqual([3]);
    const [endless, statuses] = await during(count(ENDLESS, { sequence_id: 's' }), others);
    expect(endless).toEqual({
      status: 504,
      body: {
        error:
          "the run of the model did not end within 1 s and was stopped; send less at a time, or raise the model's time limit",
      },
    });
    expect(statuses.length).toBeGreaterThan(3);
    expect(new Set(statuses.flat())).toEqual(new Set([200]));
    // The step was not run: the sequence has the state before it.
    const next = await count(4, { sequence_id: 's', sequence_end: true });
    expect(next.body.outputs[0].data).toEqual([7]);
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)('ends its process with the service on %s', async (signal) => {
    const pending = count(ENDLESS, { sequence_id: signal, sequence_start: true }).catch(() => undefined);
    await others();
    const children = await childrenOf(service.process.pid);
    expect(children.length).toBeGreaterThan(0);
    service.process.kill(signal);
    await exitOf(service.process);
    await pending;
    await vi.waitFor(
      () => {
        expect(children.filter(isRunning)).toEqual([]);
      },
      { timeout: 30_000 },
    );
    service = await start();
  });
});

async function childrenOf(pid = 0): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'pid=', '--ppid', String(pid)]);
  return stdout.trim().split(/\s+/).map(Number);
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
