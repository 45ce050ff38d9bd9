import { DataError, ShapeError } from '@onda/contract';
import { describe, expect, it } from 'vitest';
import { checkFeeds } from './checkFeeds.ts';
import type { CheckFeedsOptions } from './checkFeeds.ts';
import { floatTensor } from './floatTensor.ts';
import type { RuntimeTensor } from './session.ts';

// What every adapter's session refuses is in testing/feedTests.ts; here is what only the options and odd calls reach.
const inputs = [
  { name: 'x', type: 'float32', shape: ['batch', 2] },
  { name: 'n', type: 'int64', shape: [1] },
];
const x = floatTensor([1, 2], [1, 2]);
const n: RuntimeTensor = { type: 'int64', dims: [1], data: BigInt64Array.of(1n) };

function check(feeds: Record<string, RuntimeTensor>, options?: CheckFeedsOptions): () => void {
  return () => {
    checkFeeds(inputs, feeds, options);
  };
}

describe(checkFeeds, () => {
  it('takes feeds that fit', () => {
    expect(check({ x, n })).not.toThrow();
  });

  it('takes empty dims when told to, and not otherwise', () => {
    const empty = floatTensor([0, 2], []);
    expect(check({ x: empty, n }, { allowEmpty: true })).not.toThrow();
    expect(check({ x: empty, n })).toThrow(ShapeError);
  });

  it('refuses infinities when told to, and not otherwise', () => {
    const infinite = floatTensor([1, 2], [1, -Infinity]);
    expect(check({ x: infinite, n })).not.toThrow();
    expect(check({ x: infinite, n }, { finite: true })).toThrow(
      new DataError('input "x": expected finite numbers, got -Infinity at position 1; remove or replace it'),
    );
  });

  it('refuses dims that are no whole numbers', () => {
    for (const dims of [
      [-1, 2],
      [1.5, 2],
      [2 ** 60, 2],
    ]) {
      expect(check({ x: floatTensor(dims, [1, 2]), n })).toThrow(
        `input "x": expected shape [batch, 2], got [${dims.join(', ')}]; dims are whole numbers`,
      );
    }
  });

  it('refuses data of another kind than the tensor says', () => {
    const mixed = { type: 'float32', dims: [1, 2], data: [1, 2] } as unknown as RuntimeTensor;
    expect(check({ x: mixed, n })).toThrow(
      'input "x": expected its data as float32, got another kind of array; give a Float32Array',
    );
    const swapped = { type: 'int64', dims: [1], data: Float32Array.of(1) } as unknown as RuntimeTensor;
    expect(check({ x, n: swapped })).toThrow(
      'input "n": expected its data as int64, got float32; give a BigInt64Array',
    );
  });

  it('does not take an inherited property for an input', () => {
    expect(() => {
      checkFeeds([{ name: 'toString', type: 'float32', shape: [1] }], {});
    }).toThrow('input "toString" is missing; the model takes toString');
  });
});
