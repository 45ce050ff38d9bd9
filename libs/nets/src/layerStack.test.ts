import { describe, expect, it } from 'vitest';
import { openWasmBackend } from '@onda/kernels';
import { dropoutMask } from './layerStack.ts';

await openWasmBackend();

function values(rate: number, seed: number, draw: number, layer: number): Float32Array {
  const mask = dropoutMask({ rate, seed }, draw, layer, [5, 100, 20]);
  expect(mask.shape).toEqual([5, 100, 20]);
  const drawn = mask.dataSync<'float32'>().slice();
  mask.dispose();
  return drawn;
}

/** Share of the places in which two masks of rate 1/2 agree. */
function agreement(a: Float32Array, b: Float32Array): number {
  return a.filter((value, index) => value === b[index]).length / a.length;
}

/** Five standard deviations of a share of 10,000 draws with probability 1/2. */
const SHARE_ATOL = 0.025;

describe(dropoutMask, () => {
  it('drops about the given share and scales the rest', () => {
    const drawn = values(0.25, 1, 0, 1);
    expect(new Set(drawn)).toEqual(new Set([0, Math.fround(4 / 3)]));
    const share = drawn.filter((value) => value === 0).length / drawn.length;
    expect(Math.abs(share - 0.25)).toBeLessThan(SHARE_ATOL);
  });

  it('keeps everything at a rate of 0', () => {
    expect(new Set(values(0, 1, 0, 1))).toEqual(new Set([1]));
  });

  it('is equal for the same seed, draw and layer and differs otherwise', () => {
    const mask = values(0.5, 7, 3, 1);
    expect(values(0.5, 7, 3, 1)).toEqual(mask);
    const others = [values(0.5, 8, 3, 1), values(0.5, 7, 4, 1), values(0.5, 7, 3, 2), values(0.5, 3, 7, 1)];
    for (const other of others) expect(Math.abs(agreement(mask, other) - 0.5)).toBeLessThan(SHARE_ATOL);
    // Neighbors in a mask are independent too.
    expect(Math.abs(agreement(mask.subarray(1), mask) - 0.5)).toBeLessThan(SHARE_ATOL);
  });
});
