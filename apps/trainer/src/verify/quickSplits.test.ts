import { openBackend } from '@onda/tfjs-native';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { useQuickSplits } from './quickSplits.ts';

beforeAll(async () => {
  await openBackend({ want: 'wasm' });
});

/** Parts of a split with their shapes and values. */
function partsOf(
  x: tf.Tensor,
  sizes: number[] | number,
  axis: number,
): { shape: number[]; values: number[] }[] {
  return tf.tidy(() =>
    tf.split(x, sizes, axis).map((part) => ({ shape: part.shape, values: [...part.dataSync()] })),
  );
}

describe(useQuickSplits, () => {
  it("gives TensorFlow.js's own parts, of every axis and type, whole and empty", () => {
    const float = tf.randomUniform([3, 4, 6], -1, 1, 'float32', 7);
    const calls: [tf.Tensor, number[] | number, number][] = [
      [float, [1, 2], 0],
      [float, [1, 3], 1],
      [float, [4, 2], -1],
      [float, 3, 2],
      [float, [0, 6], 2],
      [float, [4, -1], 2],
      [tf.cast(float, 'int32'), 2, 1],
      [tf.tensor2d([], [0, 4]), 2, 1],
    ];
    const own = calls.map((call) => partsOf(...call));
    useQuickSplits();
    expect(calls.map((call) => partsOf(...call))).toEqual(own);
  });

  it('does not change the split tensor', () => {
    useQuickSplits();
    const x = tf.tensor1d([1, 2, 3, 4]);
    const [first] = tf.split(x, 2);
    first.dataSync()[0] = 9;
    expect([...x.dataSync()]).toEqual([1, 2, 3, 4]);
  });
});
