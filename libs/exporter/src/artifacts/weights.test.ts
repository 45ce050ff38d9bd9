import { ModelError } from '@onda/contract';
import { describe, expect, it } from 'vitest';
import { readWeights } from './weights.ts';

const spec = (
  name: string,
  shape: number[],
  dtype = 'float32',
): { name: string; shape: number[]; dtype: string } => ({
  name,
  shape,
  dtype,
});

describe(readWeights, () => {
  it('reads weights by name, in one buffer or cut into several', () => {
    const specs = [spec('a/kernel', [1, 2]), spec('a/bias', [2])];
    const whole = Float32Array.of(1, 2, 3, 4).buffer;
    for (const weightData of [whole, [whole.slice(0, 6), whole.slice(6)]]) {
      const weights = readWeights({ weightSpecs: specs, weightData });
      expect([...weights.values()].map(({ name, data }) => [name, [...data]])).toEqual([
        ['a/kernel', [1, 2]],
        ['a/bias', [3, 4]],
      ]);
    }
  });

  it('reads whole numbers as floats', () => {
    const weights = readWeights({
      weightSpecs: [spec('a', [1], 'int32')],
      weightData: Int32Array.of(-3).buffer,
    });
    expect(weights.get('a')?.data).toEqual(Float32Array.of(-3));
  });

  const cases: [string, Parameters<typeof readWeights>[0], string][] = [
    [
      'bytes that are cut short',
      { weightSpecs: [spec('a', [2])], weightData: new ArrayBuffer(4) },
      'model weights: expected 8 bytes as the weight specs say, got 4; the file is damaged or cut short, save the model again',
    ],
    [
      'no bytes at all',
      { weightSpecs: [spec('a', [2])] },
      'model weights: expected 8 bytes as the weight specs say, got 0; the file is damaged or cut short, save the model again',
    ],
    [
      'a name twice',
      { weightSpecs: [spec('a', [1]), spec('a', [1])], weightData: new ArrayBuffer(8) },
      'weight "a": expected it once, got it again; save the model again',
    ],
    [
      'what is not a number',
      { weightSpecs: [spec('a', [2])], weightData: Float32Array.of(1, NaN).buffer },
      'weight "a": expected finite values, got NaN at index 1; the training diverged, train again with a lower learning rate',
    ],
    [
      'another type',
      { weightSpecs: [spec('a', [1], 'bool')], weightData: new ArrayBuffer(1) },
      'weight "a": expected float32 or int32, plain or quantized to float16, uint8 or uint16, got bool; save the model in float32',
    ],
    [
      'quantized values of another kind',
      {
        weightSpecs: [{ ...spec('a', [1]), quantization: { dtype: 'int4' } }],
        weightData: new ArrayBuffer(1),
      },
      'weight "a": expected float32 or int32, plain or quantized to float16, uint8 or uint16, got float32 quantized to int4; save the model in float32',
    ],
    [
      'a shape that is none',
      { weightSpecs: [spec('a', [-1])], weightData: new ArrayBuffer(4) },
      'weight "a": expected a shape of whole numbers, got [-1]; save the model again',
    ],
  ];
  it.each(cases)('refuses %s', (_what, artifacts, message) => {
    expect(() => readWeights(artifacts)).toThrow(new ModelError(message));
  });
});
