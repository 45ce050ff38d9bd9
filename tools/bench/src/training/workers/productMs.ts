import * as tf from '@tensorflow/tfjs-core';

/** Products that are timed; the first of all only wakes threads. */
const TIMES = 5;

/** Milliseconds of the quickest product of two [size, size] matrices on the current backend. */
export function productMs(size: number): number {
  return tf.tidy(() => {
    const a = tf.randomUniform<tf.Rank.R2>([size, size], -1, 1, 'float32', 1);
    const b = tf.randomUniform<tf.Rank.R2>([size, size], -1, 1, 'float32', 2);
    const times: number[] = [];
    for (let run = 0; run <= TIMES; run++) {
      const started = performance.now();
      tf.matMul(a, b).dispose();
      times.push(performance.now() - started);
    }
    return Math.min(...times.slice(1));
  });
}
