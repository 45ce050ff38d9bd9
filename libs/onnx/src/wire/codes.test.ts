import { describe, expect, it } from 'vitest';
import { joinParts, lengthPrefixed } from './codes.ts';

describe(lengthPrefixed, () => {
  it.each([
    [3, [0x4a, 3]],
    [127, [0x4a, 127]],
    [128, [0x4a, 0x80, 1]],
    [300, [0x4a, 0xac, 2]],
    [100_000, [0x4a, 0xa0, 0x8d, 6]],
  ])('writes %i bytes of field 9 with their length', (size, head) => {
    const bytes = new Uint8Array(size).fill(7);
    expect([...joinParts(lengthPrefixed(9, [bytes]))]).toEqual([...head, ...bytes]);
  });

  it('counts all pieces', () => {
    const parts = lengthPrefixed(7, [Uint8Array.of(1, 2), Uint8Array.of(3)]);
    expect([...joinParts(parts)]).toEqual([0x3a, 3, 1, 2, 3]);
  });
});
