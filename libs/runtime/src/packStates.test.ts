import type { SeparateStates } from '@onda/contract';
import { describe, expect, it } from 'vitest';
import { floatTensor } from './tensors.ts';
import { packManifest, packRuntime } from './packStates.ts';
import { SequenceModel } from './sequenceModel.ts';
import type { Runtime, RuntimeTensor } from './session.ts';
import { fakeManifest, fakeSession } from './testing/fakeModel.ts';

const row = { layer: 'rnn', kind: 'h', size: 1 } as const;
const states: SeparateStates = {
  packing: 'separate',
  size: 3,
  rows: [
    { ...row, offset: 0, input: 'state_in_00_h', output: 'state_out_00_h' },
    { ...row, offset: 1, size: 2, input: 'state_in_01_c', output: 'state_out_01_c' },
  ],
};

const x = { name: 'x', type: 'float32' as const, shape: ['batch', 'time', 1] };
const y = { ...x, name: 'y' };
const tensor = (name: string, size: number): typeof x => ({ ...x, name, shape: ['batch', size] });
const model = {
  inputs: [x, tensor('state_in_00_h', 1), tensor('state_in_01_c', 2)],
  outputs: [y, tensor('state_out_00_h', 1), tensor('state_out_01_c', 2)],
};

/** Gives x on, and each state plus one. */
const runtime: Runtime = {
  name: 'fake',
  createSession: () =>
    Promise.resolve({
      ...fakeSession(model.inputs, model.outputs),
      run: (feeds: Record<string, RuntimeTensor>) => {
        const next = (name: string): RuntimeTensor => {
          const { dims, data } = feeds[name] as ReturnType<typeof floatTensor>;
          return floatTensor(
            dims,
            data.map((value) => value + 1),
          );
        };
        return Promise.resolve({
          y: feeds['x'],
          state_out_00_h: next('state_in_00_h'),
          state_out_01_c: next('state_in_01_c'),
        });
      },
    }),
};

describe(packRuntime, () => {
  it('splits packed states and packs the results, row by row of the batch', async () => {
    const { net, ...rest } = fakeManifest({ tensors: { model, generator: null } });
    const packed = packManifest({ ...rest, net }, states);
    expect(packed.state).toEqual({
      size: 3,
      rows: [
        { ...row, offset: 0 },
        { ...row, offset: 1, size: 2 },
      ],
    });
    const session = await packRuntime(runtime, states).createSession(new Uint8Array());
    const result = await new SequenceModel(session, packed).step(
      floatTensor([2, 1, 1], [5, 6]),
      floatTensor([2, 3], [1, 2, 3, 4, 5, 6]),
    );
    expect([...result.y.data]).toEqual([5, 6]);
    expect([...result.state.data]).toEqual([2, 3, 4, 5, 6, 7]);
  });
});
