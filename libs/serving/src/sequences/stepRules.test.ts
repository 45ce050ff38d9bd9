import type { SequenceControl } from '@onda/protocol';
import { floatTensor } from '@onda/runtime';
import type { RuntimeTensor } from '@onda/runtime';
import { describe, expect, it } from 'vitest';
import { allFinite, notFinite } from './stepRules.ts';

const control: SequenceControl = { id: '7', start: false, end: false, step: undefined };

describe(notFinite, () => {
  it('checks numbers of 32 and 64 bits in one row', () => {
    const double: RuntimeTensor = {
      type: 'float64',
      dims: [2, 2],
      data: Float64Array.of(1, 2, 3, -Infinity),
    };
    const tensors = { y: floatTensor([2, 1], [1, 2]), state: double };
    expect(allFinite(['y'], tensors)).toBe(true);
    expect(allFinite(['y', 'state'], tensors)).toBe(false);
    expect(notFinite(control, ['y', 'state'], tensors, 0)).toBeUndefined();
    expect(notFinite(control, ['y', 'state'], tensors, 1)?.message).toBe(
      'sequence "7": output "state": the model returned -Infinity at position 1; the sequence is unchanged; check the magnitude of the inputs',
    );
  });
});
