import { describe, expect, it } from 'vitest';
import { decodeGenerateRequest } from './generateRequest.ts';
import type { GenerateModel, GenerateRequest } from './generateRequest.ts';

const sine: GenerateModel = { features: 1, stateSize: 2 };
const video: GenerateModel = { features: 4, stateSize: 2 };

function decode(document: unknown, model = sine): GenerateRequest {
  return decodeGenerateRequest(new TextEncoder().encode(JSON.stringify(document)), model);
}

describe(decodeGenerateRequest, () => {
  it('takes a flat prompt for one feature', () => {
    expect(decode({ prompt: [1, 2, 3], samples: 5 })).toEqual({
      prompt: { type: 'float32', dims: [1, 3, 1], data: Float32Array.of(1, 2, 3) },
      nesting: 1,
      samples: 5,
      state: undefined,
      returnState: false,
    });
  });

  it('takes a sample a row, and several sequences', () => {
    expect(decode({ prompt: [[1, 2, 3, 4]], samples: 5 }, video).prompt.dims).toEqual([1, 1, 4]);
    const several = decode({
      prompt: [
        [[1], [2], [3]],
        [[4], [5], [6]],
      ],
      samples: 5,
    });
    expect(several.prompt.dims).toEqual([2, 3, 1]);
    expect(several.prompt.data).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6));
  });

  it('takes a state of the same nesting', () => {
    expect(decode({ prompt: [1], samples: 1, state: [3, 4], return_state: true })).toMatchObject({
      state: { dims: [1, 2], data: Float32Array.of(3, 4) },
      returnState: true,
    });
    const several = decode({
      prompt: [[[1]], [[2]]],
      samples: 1,
      state: [
        [3, 4],
        [5, 6],
      ],
    });
    expect(several.state?.dims).toEqual([2, 2]);
  });

  it.each<[name: string, document: unknown, message: string]>([
    [
      'an unknown key',
      { prompt: [1], samples: 1, sample: 2 },
      '"sample": unknown key; generate takes prompt, samples, state and return_state',
    ],
    ['no prompt', { samples: 1 }, 'prompt: expected an array of numbers, got nothing; send a list'],
    [
      'an empty prompt',
      { prompt: [], samples: 1 },
      'prompt: expected at least one sample, got none; send the values to go on from',
    ],
    [
      'sequences without samples',
      { prompt: [[[]]], samples: 1 },
      'prompt: expected numbers nested as [time], [time][1] or [batch][time][1], got [1][1][0]; give each sample its 1 value',
    ],
    [
      'null in the prompt',
      { prompt: [1, null], samples: 1 },
      'prompt: expected a number at position 1, got null; JSON has no NaN, so leave such samples out',
    ],
    [
      'a prompt of another width',
      { prompt: [[1, 2]], samples: 1 },
      'prompt: expected numbers nested as [time], [time][1] or [batch][time][1], got [1][2]; give each sample its 1 value',
    ],
    [
      'a prompt nested too deep',
      { prompt: [[[[1]]]], samples: 1 },
      'prompt: expected numbers nested as [time], [time][1] or [batch][time][1], got [1][1][1][1]; give each sample its 1 value',
    ],
    [
      'no samples',
      { prompt: [1] },
      'samples: expected a whole number of at least 1, got nothing; ask for 1 or more',
    ],
    [
      'samples 0',
      { prompt: [1], samples: 0 },
      'samples: expected a whole number of at least 1, got 0; ask for 1 or more',
    ],
    [
      'samples in quotes',
      { prompt: [1], samples: '5' },
      'samples: expected a whole number of at least 1, got "5"; ask for 1 or more',
    ],
    [
      'a state of another size',
      { prompt: [1], samples: 1, state: [1] },
      'state: expected numbers nested as [2], got [1]; send the state of an earlier answer',
    ],
    [
      'a state for another number of sequences',
      { prompt: [[[1]], [[2]]], samples: 1, state: [[1, 2]] },
      'state: expected numbers nested as [2][2], got [1][2]; send the state of an earlier answer',
    ],
    [
      'return_state that is no truth value',
      { prompt: [1], samples: 1, return_state: 'yes' },
      'return_state: expected true or false, got "yes"; correct it',
    ],
  ])('refuses %s', (_name, document, message) => {
    expect(() => decode(document)).toThrow(message);
  });

  it('refuses a flat prompt for several features', () => {
    expect(() => decode({ prompt: [1, 2, 3, 4], samples: 1 }, video)).toThrow(
      'prompt: expected numbers nested as [time][4] or [batch][time][4], got [4]; give each sample its 4 values',
    );
  });
});
