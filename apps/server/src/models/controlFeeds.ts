import { elementsOf, typedArrays } from '@onda/contract';
import type { RuntimeTensor } from '@onda/runtime';
import type { ControlTensor } from './modelSignature.ts';

/** Where a row's sequence stands. */
export interface RowMarks {
  readonly start: boolean;
  readonly end: boolean;
}

/** A request that belongs to no sequence: to the model it is one of a single step. */
export const aloneMarks: RowMarks = { start: true, end: true };

/**
 * The control inputs of a run, which the service fills.
 *
 * @param marks of each row
 * @returns a tensor [rows, ...] for each control, its dims that are not fixed 1
 */
export function controlFeeds(
  controls: readonly ControlTensor[],
  marks: readonly RowMarks[],
): Record<string, RuntimeTensor> {
  const feeds: Record<string, RuntimeTensor> = {};
  for (const { input, kind, type, shape, values } of controls) {
    const own = shape.slice(1).map((dim) => (typeof dim === 'number' ? dim : 1));
    const width = elementsOf(own);
    const data = new typedArrays[type](marks.length * width);
    for (const [row, mark] of marks.entries()) {
      const says = kind === 'ready' || mark[kind];
      data.fill(says ? values[1] : values[0], row * width, (row + 1) * width);
    }
    feeds[input] = { type, dims: [marks.length, ...own], data } as RuntimeTensor;
  }
  return feeds;
}
