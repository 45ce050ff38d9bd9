import { describe, expect, it } from 'vitest';
import { decodeGenerateRequest } from './generateRequest.ts';
import type { GenerateModel, GenerateRequest } from './generateRequest.ts';

const sine: GenerateModel = { features: 1, type: 'float32', stateSize: 2, draws: null };
const video: GenerateModel = { ...sine, features: 4 };
const words: GenerateModel = { features: undefined, type: 'int32', stateSize: 0, draws: { kind: 'seed' } };
const noisy: GenerateModel = { ...sine, draws: { kind: 'noise', width: 2 } };

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
      seed: undefined,
      noise: undefined,
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
      '"sample": unknown key; generate takes prompt, samples, state, return_state, seed and noise',
    ],
    ['no prompt', { samples: 1 }, 'prompt: expected an array of numbers, got nothing; send a list'],
    [
      'an empty prompt',
      { prompt: [], samples: 1 },
      'prompt: expected at least one sample, got none; send the values to continue from',
    ],
    [
      'sequences without samples',
      { prompt: [[[]]], samples: 1 },
      'prompt: expected numbers nested as [time], [time][1] or [batch][time][1], got [1][1][0]; give each sample its value',
    ],
    [
      'null in the prompt',
      { prompt: [1, null], samples: 1 },
      'prompt: expected a number at position 1, got null; JSON has no NaN, so leave such samples out',
    ],
    [
      'a prompt of another width',
      { prompt: [[1, 2]], samples: 1 },
      'prompt: expected numbers nested as [time], [time][1] or [batch][time][1], got [1][2]; give each sample its value',
    ],
    [
      'a prompt nested too deep',
      { prompt: [[[[1]]]], samples: 1 },
      'prompt: expected numbers nested as [time], [time][1] or [batch][time][1], got [1][1][1][1]; give each sample its value',
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
      'a return_state that is not a boolean',
      { prompt: [1], samples: 1, return_state: 'yes' },
      'return_state: expected true or false, got "yes"; correct it',
    ],
  ])('refuses %s', (_name, document, message) => {
    expect(() => decode(document)).toThrow(message);
  });

  it('takes words, and a seed as a number or as digits', () => {
    expect(decode({ prompt: [3, 1], samples: 2, seed: -7 }, words)).toMatchObject({
      prompt: { type: 'int32', dims: [1, 2], data: Int32Array.of(3, 1) },
      nesting: 1,
      seed: -7n,
    });
    expect(decode({ prompt: [[3], [1]], samples: 2, seed: '9223372036854775807' }, words)).toMatchObject({
      prompt: { dims: [2, 1] },
      nesting: 2,
      seed: 9_223_372_036_854_775_807n,
    });
  });

  it('takes noise for each sample, nested as the prompt is', () => {
    const noise = [
      [0.25, 0.5],
      [0.75, 0.5],
    ];
    const tensor = { dims: [1, 2, 2], data: Float32Array.of(0.25, 0.5, 0.75, 0.5) };
    expect(decode({ prompt: [1], samples: 2, noise }, noisy)).toMatchObject({ noise: tensor });
    expect(decode({ prompt: [[[1]]], samples: 2, noise: [noise] }, noisy)).toMatchObject({ noise: tensor });
  });

  it.each<[name: string, model: GenerateModel, document: object, message: string]>([
    [
      'a seed that is not a whole number',
      words,
      { seed: 0.5 },
      'seed: expected a whole number up to 2^53 - 1, or one of 64 bits in quotes, got 0.5; correct it',
    ],
    [
      'a seed beyond 64 bits',
      words,
      { seed: '9223372036854775808' },
      'seed: expected a whole number up to 2^53 - 1, or one of 64 bits in quotes, got "9223372036854775808"; correct it',
    ],
    [
      'a seed where nothing is drawn',
      sine,
      { seed: 1 },
      'seed: expected none, since the model draws nothing, got 1; leave it out',
    ],
    [
      'noise where nothing is drawn',
      sine,
      { noise: [[1]] },
      'noise: expected none, since the model draws nothing, got an array of 1; leave it out',
    ],
    [
      'noise where a seed is drawn from',
      words,
      { noise: [[1]] },
      'noise: expected none, since the model draws from a seed, got an array of 1; leave it out',
    ],
    [
      'noise of another form',
      noisy,
      { noise: [[1]] },
      'noise: expected numbers nested as [1][2], got [1][1]; give each sample its draws',
    ],
    [
      'a state of a model without',
      words,
      { state: [1] },
      'state: expected none, since the model keeps no state, got an array of 1; send the last values as the next prompt to continue',
    ],
    [
      'to return a state that is none',
      words,
      { return_state: true },
      'return_state: expected none, since the model keeps no state, got true; send the last values as the next prompt to continue',
    ],
    [
      'words that are not whole numbers',
      words,
      { prompt: [0.5] },
      'prompt: expected whole numbers, above 2^53 - 1 as digits in a string, got 0.5 at position 0; round the values or send digits',
    ],
    [
      'words beyond 32 bits',
      words,
      { prompt: [2 ** 31] },
      'prompt: expected words below 2^31, got 2147483648 at position 0; send the numbers that the model knows',
    ],
    [
      'words nested too deep',
      words,
      { prompt: [[[1]]] },
      'prompt: expected numbers nested as [time] or [batch][time], got [1][1][1]; give each sample its value',
    ],
  ])('refuses %s', (_name, model, document, message) => {
    expect(() => decode({ prompt: [1], samples: 1, ...document }, model)).toThrow(message);
  });

  it('refuses a flat prompt for several features', () => {
    expect(() => decode({ prompt: [1, 2, 3, 4], samples: 1 }, video)).toThrow(
      'prompt: expected numbers nested as [time][4] or [batch][time][4], got [4]; give each sample its 4 values',
    );
  });
});
