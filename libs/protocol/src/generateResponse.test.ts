import { describe, expect, it } from 'vitest';
import type { Nesting } from './generateRequest.ts';
import { encodeGenerateResponse } from './generateResponse.ts';

function encode(dims: number[], nesting: Nesting, withState: boolean): unknown {
  const count = dims.reduce((product, dim) => product * dim, 1);
  return JSON.parse(
    encodeGenerateResponse({
      modelName: 'm',
      modelVersion: '1',
      values: { dims, data: Float32Array.from({ length: count }, (_, index) => index) },
      nesting,
      state: withState ? { dims: [dims[0], 2], data: new Float32Array(dims[0] * 2).fill(0.5) } : undefined,
    }),
  );
}

describe(encodeGenerateResponse, () => {
  it('nests the values as the prompt was', () => {
    expect(encode([1, 3, 1], 1, false)).toEqual({ model_name: 'm', model_version: '1', values: [0, 1, 2] });
    expect(encode([1, 2, 2], 2, false)).toMatchObject({
      values: [
        [0, 1],
        [2, 3],
      ],
    });
    expect(encode([2, 2, 1], 3, false)).toMatchObject({
      values: [
        [[0], [1]],
        [[2], [3]],
      ],
    });
  });

  it('nests words, which have no last dim, and returns the seed in the format of requests', () => {
    const words = { dims: [2, 2], data: Int32Array.of(1, 2, 3, 4) };
    const answer = { modelName: 'm', modelVersion: '1', values: words, state: undefined };
    expect(encodeGenerateResponse({ ...answer, nesting: 2, seed: 7n })).toBe(
      '{"model_name":"m","model_version":"1","values":[[1,2],[3,4]],"seed":7}',
    );
    const one = { ...answer, values: { ...words, dims: [1, 4] } };
    expect(encodeGenerateResponse({ ...one, nesting: 1, seed: 2n ** 62n })).toBe(
      '{"model_name":"m","model_version":"1","values":[1,2,3,4],"seed":"4611686018427387904"}',
    );
  });

  it('returns the state on request', () => {
    expect(encode([1, 1, 1], 1, true)).toMatchObject({ state: [0.5, 0.5] });
    expect(encode([2, 1, 1], 3, true)).toMatchObject({
      state: [
        [0.5, 0.5],
        [0.5, 0.5],
      ],
    });
  });

  it('refuses to call an infinity null', () => {
    const values = { dims: [1, 1, 1], data: Float32Array.of(Infinity) };
    expect(() =>
      encodeGenerateResponse({ modelName: 'm', modelVersion: '1', values, nesting: 1, state: undefined }),
    ).toThrow('values: the model returned Infinity at position 0, which JSON cannot represent');
  });
});
