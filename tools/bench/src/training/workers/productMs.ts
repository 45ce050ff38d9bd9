import * as tf from '@tensorflow/tfjs-core';

/** Milliseconds that so many products of two [size, size] matrices take on the current backend, all together. */
export function productMs(size: number, steps: number): number {
  return tf.tidy(() => {
    const a = tf.fill<tf.Rank.R2>([size, size], 0.5);
    const b = tf.fill<tf.Rank.R2>([size, size], 0.25);
    const started = performance.now();
    for (let step = 0; step < steps; step++) tf.matMul(a, b).dispose();
    return performance.now() - started;
  });
}
