import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { floatTensor } from '@onda/runtime';
import { createNodeRuntime } from '@onda/runtime-node';
import { exampleModels } from './service.ts';

/** The input of a sequence of the example model at each step: different for each sequence, so that a mix-up is detected. */
export function feedOf(sequence: number, step: number): number {
  return Math.fround(Math.sin(sequence * 0.7 + step / 3) * (1 + (sequence % 7) / 10));
}

/**
 * The values of a sequence that nothing disturbs: one run of ONNX Runtime in this process, over all its samples. With a second
 * row, as the service runs a sequence that has no company.
 */
export async function undisturbedRun(): Promise<(sequence: number, steps: number) => Promise<Float32Array>> {
  const runtime = await createNodeRuntime({ provider: 'cpu' });
  const session = await runtime.createSession(
    await readFile(join(exampleModels, 'lagged-sine', '1', 'model.onnx')),
  );
  return async (sequence, steps) => {
    const x = Array.from({ length: steps }, (_, step) => feedOf(sequence, step));
    const feeds = {
      x: floatTensor([2, steps, 1], [...x, ...x]),
      state_in: floatTensor([2, 32], new Float32Array(64)),
    };
    const { y } = await session.run(feeds, ['y']);
    return (y.data as Float32Array).slice(0, steps);
  };
}
