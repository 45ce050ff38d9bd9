import { MissingError } from '@onda/contract';
import type { Runtime } from '@onda/runtime';
import { createNodeRuntime } from '@onda/runtime-node';
import { describe, expect, it } from 'vitest';
import type { BenchCall } from '../bench.ts';
import { gpuBench } from './gpuBench.ts';

const call: BenchCall = {
  works: ['generation-lstm-32-2'],
  quick: true,
  scaling: false,
  rounds: 1,
  say: () => undefined,
};

describe(gpuBench, () => {
  it('says what is missing, and that is no problem', async () => {
    const result = await gpuBench(call, () =>
      Promise.reject(new MissingError('provider cuda: no driver; get one')),
    );
    expect(result).toMatchObject({
      rows: [],
      problems: [],
      notes: ['nothing was compared: provider cuda: no driver; get one'],
    });
  });

  it('compares values and times of both files', async () => {
    const result = await gpuBench(call, async () => ({
      cuda: await createNodeRuntime({ provider: 'cpu' }),
      cpu: await createNodeRuntime({ provider: 'cpu' }),
    }));
    expect(result.rows.map(({ work, system }) => `${work} ${system}`)).toEqual([
      'generation-lstm-32-2-model cuda',
      'generation-lstm-32-2-model cpu',
      'generation-lstm-32-2-generator cuda',
      'generation-lstm-32-2-generator cpu',
    ]);
    expect(result.problems).toEqual([]);
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
    const result = await gpuBench(call, () => Promise.resolve({ cuda: wrong, cpu }));
    expect(result.problems).toHaveLength(2);
    expect(result.problems[0]).toBe(
      'generation-lstm-32-2-model: expected CUDA within 0.001 of the CPU, got 5.0e-1; do not serve it on this GPU',
    );
  });
});
