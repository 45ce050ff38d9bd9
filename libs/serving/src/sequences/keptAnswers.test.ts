import { SharedByteBudget } from '@onda/contract';
import { floatTensor } from '@onda/runtime';
import { describe, expect, it } from 'vitest';
import { answerBudgetBytes, replaceAnswer } from './keptAnswers.ts';
import type { LastStep } from './sequenceStore.ts';

const lastOf = (values: number): LastStep => ({
  step: 1,
  samples: values,
  inputs: { x: floatTensor([1, values], new Float32Array(values)) },
  tensors: {
    y: floatTensor([1, values], new Float32Array(values)),
    words: { type: 'string', dims: [1], data: ['ab'] },
  },
});

describe(replaceAnswer, () => {
  it('rejects a response that does not fit into the budget, and accepts it once there is room', () => {
    // 4096 and 8 for the one sequence that may live.
    const budget = new SharedByteBudget(answerBudgetBytes(1, 1, 0));
    const [small, large] = [lastOf(100), lastOf(500)];
    expect(replaceAnswer(budget, 'ann', undefined, small)).toBeUndefined();
    expect(replaceAnswer(budget, 'ann', undefined, large)).toMatchObject({
      status: 503,
      message:
        'the answers kept for retries take 804 bytes of 4104, and this one does not fit; send the step without sequence_step or with fewer samples, or try again in a moment',
    });
    expect(replaceAnswer(budget, 'ann', small, large)).toBeUndefined();
    expect(replaceAnswer(budget, 'ann', large, undefined)).toBeUndefined();
    expect(replaceAnswer(budget, 'ann', undefined, large)).toBeUndefined();
  });

  it('has room for every sequence that may live', () => {
    const budget = new SharedByteBudget(answerBudgetBytes(1000, 100, 0));
    for (let sequence = 0; sequence < 1000; sequence++) {
      expect(replaceAnswer(budget, 'ann', undefined, lastOf(400))).toBeUndefined();
    }
  });
});
