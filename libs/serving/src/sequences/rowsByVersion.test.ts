import { ProtocolError } from '@onda/protocol';
import type { SequenceControl } from '@onda/protocol';
import { floatTensor } from '@onda/runtime';
import { describe, expect, it } from 'vitest';
import type { RowsStep } from './rowSteps.ts';
import { stepRowsByVersion } from './rowsByVersion.ts';
import { rowsOutputs } from './rowsOutputs.ts';

const control = (id: string): SequenceControl => ({ id, start: false, end: false, step: undefined });

/** Adds its number to each row; writes down whose rows it got. */
function version(number: number): { asked: string[]; run: (step: RowsStep) => Promise<never> } {
  const asked: string[] = [];
  const run = ({ controls, inputs: { x } }: RowsStep): Promise<never> => {
    asked.push(...controls.map(({ id }) => id));
    const y = floatTensor(
      x.dims,
      Float32Array.from(x.data as Float32Array, (value) => value + number),
    );
    const ends = controls.map((_, from) => ({
      kind: 'done',
      stands: { step: number, samples: 1, expiresInMs: 5 },
      from,
    }));
    return Promise.resolve({ ends, tensors: { y } } as never);
  };
  return { asked, run };
}

describe(stepRowsByVersion, () => {
  it('hands each row to the version that its sequence began on, and joins the answers in their order', async () => {
    const [old, young] = [version(10), version(20)];
    const answer = await stepRowsByVersion(
      {
        controls: ['a', 'b', 'c'].map(control),
        inputs: { x: floatTensor([3, 1, 1], [1, 2, 3]) },
        fetches: ['y'],
        run: {},
      },
      [young, old, young],
    );
    expect([old.asked, young.asked]).toEqual([['b'], ['a', 'c']]);
    const { outputs } = rowsOutputs(answer, [{ name: 'y', binary: true }]);
    expect(outputs[0].tensor).toEqual(floatTensor([3, 1, 1], [21, 12, 23]));
    expect(outputs[2].tensor.data).toEqual(BigInt64Array.of(20n, 10n, 20n));
  });

  it('fails the rows of a version whose run fails, and no others', async () => {
    const full = { run: () => Promise.reject(new ProtocolError('unavailable', 'too many wait')) };
    const answer = await stepRowsByVersion(
      {
        controls: ['a', 'b'].map(control),
        inputs: { x: floatTensor([2, 1, 1], [1, 2]) },
        fetches: ['y'],
        run: {},
      },
      [full, version(20)],
    );
    const { outputs, parameters } = rowsOutputs(answer, [{ name: 'y', binary: true }]);
    expect(outputs[0].tensor.data).toEqual(Float32Array.of(0, 22));
    expect(outputs[1].tensor.data).toEqual(Int32Array.of(503, 200));
    expect(parameters).toEqual({ sequence_failed: 1, sequence_error: 'row 0: too many wait' });
  });
});
