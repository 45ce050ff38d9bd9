import { describe, expect, it } from 'vitest';
import { halfToFloat } from './halfFloat.ts';
import { encodingOf } from './weights.ts';

describe(halfToFloat, () => {
  it.each([
    [0x0000, 0],
    [0x3c00, 1],
    [0xc000, -2],
    [0x7bff, 65504],
    [0x0001, 2 ** -24],
    [0x3555, 0.333251953125],
    [0xfc00, -Infinity],
    [0x7e00, NaN],
  ])('reads the bits %i as %d', (bits, value) => {
    expect(halfToFloat(bits)).toBe(value);
  });
});

describe(encodingOf, () => {
  const entry = (dtype: string, scale?: number, min?: number): Parameters<typeof encodingOf>[0] => ({
    name: 'w',
    shape: [2],
    dtype: 'float32',
    quantization: { dtype, ...(scale !== undefined && { scale }), ...(min !== undefined && { min }) },
  });

  it.each([
    ['uint8', Uint8Array.of(0, 255), [-1, 126.5]],
    ['uint16', Uint16Array.of(2, 1000), [0, 499]],
  ])('reads %s as value times scale plus min', (dtype, stored, expected) => {
    const encoding = encodingOf(entry(dtype, 0.5, -1));
    expect([encoding.bytes, [...encoding.read(new Uint8Array(stored.buffer))]]).toEqual([
      stored.BYTES_PER_ELEMENT,
      expected,
    ]);
  });

  it('reads half floats', () => {
    const stored = new Uint8Array(Uint16Array.of(0x3c00, 0xc000).buffer);
    expect([...encodingOf(entry('float16')).read(stored)]).toEqual([1, -2]);
  });

  it('views aligned float32 and copies unaligned values', () => {
    const bytes = new Uint8Array(13);
    bytes.set(new Uint8Array(Float32Array.of(1.5, -2).buffer), 4);
    bytes.copyWithin(5, 4, 12);
    const plain = encodingOf({ name: 'w', shape: [2], dtype: 'float32' });
    expect([...plain.read(bytes.subarray(5))]).toEqual([1.5, -2]);
    const whole = new Uint8Array(Float32Array.of(3, 4).buffer);
    expect(plain.read(whole).buffer).toBe(whole.buffer);
  });
});
