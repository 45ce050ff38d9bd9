import { describe, expect, it } from 'vitest';
import { exampleModel } from '../testing/exampleModel.ts';
import { swapBytes } from './bytes.ts';
import { writeModel } from './writeModel.ts';

describe(writeModel, () => {
  it('gives the same bytes for the same model', () => {
    expect(writeModel(exampleModel())).toEqual(writeModel(exampleModel()));
  });

  it('gives an array of its own memory', () => {
    const bytes = writeModel(exampleModel());
    expect([bytes.constructor, bytes.byteLength]).toEqual([Uint8Array, bytes.buffer.byteLength]);
  });
});

describe(swapBytes, () => {
  it('turns the bytes of each element in a copy', () => {
    const bytes = Uint8Array.of(1, 2, 3, 4);
    expect(swapBytes(bytes, 2)).toEqual(Uint8Array.of(2, 1, 4, 3));
    expect(bytes).toEqual(Uint8Array.of(1, 2, 3, 4));
  });
});
