import type { SequenceControl } from '@onda/protocol';
import { floatTensor } from '@onda/runtime';
import type { RuntimeTensor } from '@onda/runtime';
import { ModelSequences } from '../../src/sequences/modelSequences.ts';
import type { StepModel, StepRow } from '../../src/sequences/sequenceStep.ts';
import type { SequenceStore, Tensors } from '../../src/sequences/sequenceStore.ts';
import { StateLayout } from '../../src/sequences/stateLayout.ts';

export const layout = new StateLayout([
  { input: 'state_in', output: 'state_out', type: 'float32', dims: [1] },
]);

/** Rows of a network of one unit: its state is the sum of what was fed, and so is its output. */
export function sums({ x, state_in }: Tensors): Record<string, RuntimeTensor> {
  const rows = x.dims[0];
  const width = x.data.length / rows;
  const totals = Array.from({ length: rows }, (_, row) => {
    const fed = (x.data as Float32Array).subarray(row * width, (row + 1) * width);
    return fed.reduce((left, right) => left + right, Number(state_in.data[row]));
  });
  return { y: floatTensor([rows, 1, 1], totals), state_out: floatTensor([rows, 1], totals) };
}

export function sumModel(
  run: (feeds: Tensors) => Promise<Record<string, RuntimeTensor>>,
  version = '1',
): StepModel {
  const state = { input: 'state_in', output: 'state_out', type: 'float32', dims: [1], size: 1 } as const;
  return {
    name: 'sum',
    version,
    sequenceKey: `${version}/file/${layout.hash}`,
    layout,
    batcher: { run },
    signature: {
      controls: [],
      states: [state],
      outputs: [
        { name: 'y', type: 'float32', shape: ['batch', 1, 1] },
        { name: 'state_out', type: 'float32', shape: ['batch', 1] },
      ],
    },
    stats: { pinned: 0 },
  };
}

/** The sequences of a model with these versions, the newest first. */
export function sequencesOf(
  store: SequenceStore,
  versions: readonly StepModel[],
  maxWaiting = 10,
): ModelSequences<StepModel> {
  return new ModelSequences(
    store,
    {
      serving: () => versions[0],
      maybeWithKey: (key) => versions.find(({ sequenceKey }) => sequenceKey === key),
    },
    maxWaiting,
  );
}

export const control = (id: string, more: Partial<SequenceControl> = {}): SequenceControl => ({
  id,
  start: false,
  end: false,
  step: undefined,
  ...more,
});

/** A step of one sequence; throws its error. */
export async function stepOne(
  sequences: ModelSequences<StepModel>,
  one: SequenceControl,
  values: readonly number[],
  states?: Tensors,
): Promise<StepRow<StepModel>> {
  const inputs = { x: floatTensor([1, values.length, 1], values) };
  const [row] = await sequences.step({
    controls: [one],
    client: undefined,
    version: undefined,
    bind: () => ({ inputs, states, fetches: ['y'] }),
    run: {},
  });
  if (row.error) throw row.error;
  return row;
}

/** A step of a sequence in each row. */
export function stepRows(
  sequences: ModelSequences<StepModel>,
  controls: readonly SequenceControl[],
  values: readonly number[],
): Promise<readonly StepRow<StepModel>[]> {
  const inputs = { x: floatTensor([values.length, 1, 1], values) };
  return sequences.step({
    controls,
    client: undefined,
    version: undefined,
    bind: () => ({ inputs, states: undefined, fetches: ['y'] }),
    run: {},
  });
}

export function yOf({ tensors, index }: StepRow<StepModel>): number {
  return Number(tensors?.y.data[index]);
}
