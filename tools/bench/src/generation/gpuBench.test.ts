import { MissingError } from '@onda/contract';
import type { Runtime } from '@onda/runtime';
import { createNodeRuntime } from '@onda/runtime-node';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BenchRun } from '../bench.ts';
import type { NetWorkload } from '../netWorkload.ts';
import { parseNetWorkload } from '../netWorkload.ts';
import { disagreements } from '../report/agreement.ts';
import { rowsOf } from '../report/measurement.ts';
import type { OpenRuntimes } from './gpuBench.ts';
import { measureGpu } from './gpuBench.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'onda-gpu-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const measure = (open: OpenRuntimes): ReturnType<typeof measureGpu> => {
  const run: BenchRun<NetWorkload> = {
    workloads: [parseNetWorkload('generation', 'generation-lstm-32-2')],
    subjects: ['cuda', 'cpu'],
    options: { quick: true, scaling: false, rounds: 1 },
    folder,
    say: () => undefined,
    watched: (_pids, run) => run(),
  };
  return measureGpu(run, open);
};

describe(measureGpu, () => {
  it('reports what is missing and succeeds', async () => {
    const result = await measure(() => Promise.reject(new MissingError('provider cuda: no driver; get one')));
    expect(result).toMatchObject({
      measurements: [],
      notes: ['nothing was compared: provider cuda: no driver; get one'],
    });
  });

  it('compares values and times of both files', async () => {
    const result = await measure(async () => ({
      cuda: await createNodeRuntime({ provider: 'cpu' }),
      cpu: await createNodeRuntime({ provider: 'cpu' }),
    }));
    expect(rowsOf(result.measurements).map(({ work, system }) => `${work} ${system}`)).toEqual([
      'generation-lstm-32-2-model cuda',
      'generation-lstm-32-2-model cpu',
      'generation-lstm-32-2-generator cuda',
      'generation-lstm-32-2-generator cpu',
    ]);
    expect(disagreements(result.agreements!)).toEqual([]);
  });

  it('finds values that differ', async () => {
    const cpu = await createNodeRuntime({ provider: 'cpu' });
    const wrong: Runtime = {
      name: 'wrong',
      createSession: async (model) => {
        const session = await cpu.createSession(model);
        return {
          inputs: session.inputs,
          outputs: session.outputs,
          provider: 'cuda',
          release: () => session.release(),
          run: async (feeds, fetches) => {
            const results = await session.run(feeds, fetches);
            (results.y.data as Float32Array)[0] += 0.5;
            return results;
          },
        };
      },
    };
    const result = await measure(() => Promise.resolve({ cuda: wrong, cpu }));
    const problems = disagreements(result.agreements!);
    expect(problems).toHaveLength(2);
    expect(problems[0]).toMatch(
      /^generation-lstm-32-2-model: expected the first \d+ values of cuda within 0.001 of cpu, got 5.0e-1/,
    );
  });
});
