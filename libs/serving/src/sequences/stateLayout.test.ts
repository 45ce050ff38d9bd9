import { floatTensor } from '@onda/runtime';
import { describe, expect, it } from 'vitest';
import { splitStates, StateLayout } from './stateLayout.ts';

const h = { input: 'h_in', output: 'h_out', type: 'float32', dims: [2] } as const;
const count = { input: 'n_in', output: 'n_out', type: 'int64', dims: [1] } as const;

/** Rows as a store has them: copies. */
function rowsAfter(layout: StateLayout, ...calls: Parameters<StateLayout['after']>): Int32Array[] {
  const next = layout.after(...calls);
  return [0, 1].map((index) => next(index, new Int32Array(layout.rowSize)).slice());
}

describe(StateLayout, () => {
  it('carries states of several types from what a run gave to what the next takes, bit for bit', () => {
    const layout = new StateLayout([h, count]);
    expect(layout.rowSize).toBe(4);
    // A NaN with a payload, which a float's way through JavaScript may lose.
    const data = Float32Array.of(1, 2, 3, 4);
    new Int32Array(data.buffer)[1] = 0x7fa00001;
    const rows = rowsAfter(layout, {
      h_out: { type: 'float32', dims: [2, 2], data },
      n_out: { type: 'int64', dims: [2, 1], data: BigInt64Array.of(7n, -1n) },
    });
    const feeds = layout.feeds([rows[1], rows[0]]);
    expect(feeds.h_in.dims).toEqual([2, 2]);
    expect(new Int32Array((feeds.h_in.data as Float32Array).buffer)[3]).toBe(0x7fa00001);
    expect(feeds.n_in).toEqual({ type: 'int64', dims: [2, 1], data: BigInt64Array.of(-1n, 7n) });
  });

  it('keeps the last outputs, as many as the lag, from steps shorter and longer than it', () => {
    const layout = new StateLayout([], { output: 'y', lag: 2, width: 1 });
    let row: Int32Array = new Int32Array(layout.rowSize);
    const seen = [[1], [2], [3, 4, 5], [6]].map((values) => {
      row = layout
        .after({ y: floatTensor([1, values.length, 1], values) })(0, row)
        .slice();
      return [...layout.recentOf(row)];
    });
    expect(seen).toEqual([
      [0, 1],
      [1, 2],
      [4, 5],
      [5, 6],
    ]);
  });

  it('uses states sent by a client, and zeros for missing ones', () => {
    const layout = new StateLayout([h, count]);
    const row = layout.fromStates({ n_in: { type: 'int64', dims: [1, 1], data: BigInt64Array.of(9n) } });
    expect(layout.feeds([row])).toEqual({
      h_in: floatTensor([1, 2], [0, 0]),
      n_in: { type: 'int64', dims: [1, 1], data: BigInt64Array.of(9n) },
    });
  });

  it('rejects states that are not numbers of 32 or 64 bits', () => {
    expect(() => new StateLayout([{ ...h, type: 'float16' }])).toThrow(
      'state "h_in": expected numbers of 32 or 64 bits, got float16; use a state of such a type',
    );
  });
});

describe(splitStates, () => {
  it('separates states from the other inputs', () => {
    const layout = new StateLayout([h]);
    const [x, state] = [floatTensor([1, 1], [1]), floatTensor([1, 2], [1, 2])];
    expect(splitStates(layout, { x, h_in: state })).toEqual({ inputs: { x }, states: { h_in: state } });
    expect(splitStates(layout, { x })).toEqual({ inputs: { x }, states: undefined });
  });
});
