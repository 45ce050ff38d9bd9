import { floatTensor } from '@onda/runtime';
import { describe, expect, it } from 'vitest';
import { packTensors, unpackTensors } from './tensorPack.ts';

const tensors = {
  y: floatTensor([1, 3], [1, NaN, -0]),
  flags: { type: 'bool' as const, dims: [3], data: Uint8Array.of(1, 0, 1) },
  n: { type: 'int64' as const, dims: [1, 1], data: BigInt64Array.of(-(2n ** 60n)) },
  s: { type: 'string' as const, dims: [2], data: ['ä', ''] },
};

describe(unpackTensors, () => {
  it('unpacks the packed tensors at any byte offset', () => {
    const packed = packTensors(tensors);
    const elsewhere = new Uint8Array(packed.length + 1);
    elsewhere.set(packed, 1);
    expect(unpackTensors(packed)).toEqual(tensors);
    expect(unpackTensors(elsewhere.subarray(1))).toEqual(tensors);
    expect(unpackTensors(packTensors({}))).toEqual({});
  });

  it.each([0, 3, 20])('refuses %i bytes of it', (length) => {
    expect(() => unpackTensors(packTensors(tensors).subarray(0, length))).toThrow(
      'packed tensors: expected the output of packTensors, got other bytes; start the sequence again',
    );
  });
});
