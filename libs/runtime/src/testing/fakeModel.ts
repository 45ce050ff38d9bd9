import type { Manifest, NetManifest } from '@onda/contract';
import { floatTensor } from '../tensors.ts';
import type { FloatTensor } from '../tensors.ts';
import type { RuntimeTensor, Session, TensorInfo } from '../session.ts';

const model = {
  inputs: [
    { name: 'x', type: 'float32', shape: ['batch', 'time', 1] },
    { name: 'state_in', type: 'float32', shape: ['batch', 1] },
  ],
  outputs: [
    { name: 'y', type: 'float32', shape: ['batch', 'time', 1] },
    { name: 'state_out', type: 'float32', shape: ['batch', 1] },
  ],
} satisfies Manifest['tensors']['model'];

/** The manifest of a model without a file: one feature, a state of one number. */
export function fakeManifest(changes: Partial<NetManifest> = {}): NetManifest {
  return {
    format: 1,
    name: 'fake',
    version: 1,
    net: { cell: 'rnn', units: 1, layers: 1, features: 1, outputs: 1 },
    tensors: { model, generator: null },
    state: { size: 1, rows: [{ layer: 'recurrent_0', kind: 'h', offset: 0, size: 1 }] },
    lag: 1,
    scaler: { kind: 'none', center: [0], scale: [1] },
    sampling: null,
    training: null,
    files: {},
    parity: [],
    created: '2026-11-23T00:00:00Z',
    ...changes,
  };
}

/** A session with y = x + 1 and the sum of all x as state. */
export function fakeSession(
  inputs: readonly TensorInfo[] = model.inputs,
  outputs: readonly TensorInfo[] = model.outputs,
): Session {
  return {
    inputs,
    outputs,
    provider: 'fake',
    run: (feeds) => Promise.resolve(addUp(feeds.x as FloatTensor, feeds.state_in as FloatTensor)),
    release: () => Promise.resolve(),
  };
}

function addUp(x: FloatTensor, state: FloatTensor): Record<string, RuntimeTensor> {
  const [batch, time] = x.dims;
  const next = state.data.slice();
  for (let index = 0; index < batch * time; index++) next[Math.floor(index / time)] += x.data[index];
  return {
    y: floatTensor(
      x.dims,
      x.data.map((value) => value + 1),
    ),
    state_out: floatTensor([batch, 1], next),
  };
}
