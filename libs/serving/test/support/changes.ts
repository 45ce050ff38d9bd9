import type { Change, SequenceStore } from '../../src/sequences/sequenceStore.ts';

/** The change of a sequence by its step of this number, on version "v"; its row is [number, -1, a NaN]. */
export const change = (steps: number, more: Partial<Change> = {}): Change => ({
  expectedSteps: steps - 1,
  expectedVersion: 'v',
  version: 'v',
  row: Int32Array.of(steps, -1, 0x7fa00001),
  steps,
  samples: steps * 10,
  last: undefined,
  end: false,
  ...more,
});

/** Whether a sequence is live, or the error of looking. */
export async function outcome(store: SequenceStore, key = 'a'): Promise<string> {
  try {
    return (await store.find(key, undefined))?.kind ?? 'none';
  } catch (error) {
    return (error as Error).message;
  }
}

export async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}
