import { expect } from 'vitest';
import { floatTensor } from '../floatTensor.ts';
import type { RuntimeTensor } from '../session.ts';
import type { RuntimeTests } from './fixture.ts';
import { sines } from './values.ts';

/**
 * Feeds that must be refused before anything runs: a session's own `run` is the last place that can, and
 * onnxruntime-node 1.30 ends the whole process on some of them.
 */
const rejected: readonly [name: string, feeds: Record<string, RuntimeTensor>, message: string][] = [
  ['a missing input', { x: sines(1, 4) }, 'input "state_in" is missing; the model takes x and state_in'],
  [
    'an input that the model does not have',
    { x: sines(1, 4), state_in: state(1), z: sines(1, 1) },
    'input "z": the model has no such input; the model takes x and state_in',
  ],
  [
    'batch 0',
    { x: floatTensor([0, 4, 1], []), state_in: state(0) },
    'input "x": expected every dim of [batch, time, 1] to be at least 1, got [0, 4, 1]; leave the run out when there is nothing to run',
  ],
  [
    'time 0',
    { x: floatTensor([1, 0, 1], []), state_in: state(1) },
    'input "x": expected every dim of [batch, time, 1] to be at least 1, got [1, 0, 1]; leave the run out when there is nothing to run',
  ],
  [
    "a rank that is not the model's",
    { x: floatTensor([4, 1], [1, 2, 3, 4]), state_in: state(1) },
    'input "x": expected shape [batch, time, 1], got [4, 1]; give it 3 dims',
  ],
  [
    'a fixed dim of another size',
    { x: floatTensor([1, 2, 2], [1, 2, 3, 4]), state_in: state(1) },
    'input "x": expected shape [batch, time, 1], got [1, 2, 2]; its dim 2 is always 1',
  ],
  [
    'batches that differ',
    { x: sines(2, 4), state_in: state(3) },
    'input "state_in": expected batch 2 as in input "x", got 3; give both the same batch',
  ],
  [
    'fewer values than the dims say',
    { x: floatTensor([1, 4, 1], [1, 2, 3]), state_in: state(1) },
    'input "x": expected 4 values for shape [1, 4, 1], got 3; correct the shape or the values',
  ],
  [
    'another type',
    { x: { type: 'int64', dims: [1, 1, 1], data: BigInt64Array.of(1n) }, state_in: state(1) },
    'input "x": expected float32, got int64; convert the values',
  ],
];

/** What every session refuses, with the text that says so, and that it runs on after. */
export const feedTests: RuntimeTests = {
  ...Object.fromEntries(
    rejected.map(([name, feeds, message]): [string, RuntimeTests[string]] => [
      `refuses ${name}, and runs on`,
      async ({ session, model }) => {
        await expect(session.run(feeds)).rejects.toThrow(message);
        await expect(model.step(sines(1, 4))).resolves.toBeDefined();
      },
    ]),
  ),
  'refuses an output that the model does not have': async ({ session }) => {
    await expect(session.run({ x: sines(1, 4), state_in: state(1) }, ['z'])).rejects.toThrow(
      'output "z": the model has no such output; it gives y and state_out',
    );
  },
  'refuses a step with a value that is not finite': async ({ model }) => {
    await expect(model.step(floatTensor([1, 2, 1], [0, NaN]))).rejects.toThrow(
      'input "x": expected finite numbers, got NaN at position 1; remove or replace it',
    );
  },
};

function state(batch: number): RuntimeTensor {
  return floatTensor([batch, 32], new Float32Array(batch * 32));
}
