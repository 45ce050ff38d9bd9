import { floatTensor } from '@onda/runtime';
import { describe, expect, it } from 'vitest';
import { RetryMemory } from './retryMemory.ts';
import type { LastStep } from './sequenceState.ts';

const lastOf = (values: number): LastStep => ({
  step: 1,
  samples: values,
  inputs: { x: floatTensor([1, values], new Float32Array(values)) },
  tensors: {
    y: floatTensor([1, values], new Float32Array(values)),
    words: { type: 'string', dims: [1], data: ['ab'] },
  },
});

describe(RetryMemory, () => {
  it('refuses an answer that does not fit beside the others, and takes it once there is room', () => {
    // 4096 and 8 for the one sequence that may live.
    const memory = new RetryMemory({ most: 1 }, 1, 0);
    const [small, large] = [lastOf(100), lastOf(500)];
    expect(memory.replace(undefined, small)).toBeUndefined();
    expect(memory.replace(undefined, large)).toMatchObject({
      status: 503,
      message:
        'the answers that are kept for retries take 804 bytes of 4104, and this one does not fit; send the step without sequence_step or with fewer samples, or try again in a moment',
    });
    expect(memory.replace(small, large)).toBeUndefined();
    expect(memory.replace(large, undefined)).toBeUndefined();
    expect(memory.replace(undefined, large)).toBeUndefined();
  });

  it('has room for every sequence that may live', () => {
    const memory = new RetryMemory({ most: 1000 }, 100, 0);
    for (let sequence = 0; sequence < 1000; sequence++) {
      expect(memory.replace(undefined, lastOf(400))).toBeUndefined();
    }
  });
});
