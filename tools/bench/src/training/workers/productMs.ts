import * as tf from '@tensorflow/tfjs-core';

/** How long products are repeated; the first of all only wakes threads. peers/training.py does alike. */
const REPEAT_MS = 150;

/** Milliseconds of the quickest product of two [size, size] matrices on the current backend. */
export function productMs(size: number): number {
  return tf.tidy(() => {
    const a = tf.randomUniform<tf.Rank.R2>([size, size], -1, 1, 'float32', 1);
    const b = tf.randomUniform<tf.Rank.R2>([size, size], -1, 1, 'float32', 2);
    tf.matMul(a, b).dispose();
    let best = Infinity;
    for (const ends = performance.now() + REPEAT_MS; performance.now() < ends;) {
      const started = performance.now();
      tf.matMul(a, b).dispose();
      best = Math.min(best, performance.now() - started);
    }
    return best;
  });
}
