import { MissingError } from '@onda/contract';
import { openBackend } from '@onda/tfjs-native';
import * as tf from '@tensorflow/tfjs-core';
import type { Hello } from '../workers.ts';

/**
 * Opens a TensorFlow.js backend in a worker.
 *
 * @param kernels whether Onda's own TensorFlow kernels are needed
 */
export async function openWorkerBackend(want: 'tensorflow' | 'cpu', kernels: boolean): Promise<Hello> {
  const lines: string[] = [];
  try {
    const backend = await openBackend({ want, log: (line) => lines.push(line) });
    if (kernels && !backend.kernels)
      return { missing: lines.at(-1) ?? 'the native kernels are not compiled. Remedy: npm run setup.' };
    return { version: `${backend.name} ${backend.version}`, threads: want === 'cpu' ? 1 : null };
  } catch (error) {
    if (!(error instanceof MissingError)) throw error;
    return { missing: error.message };
  }
}

/** Milliseconds of so many products of two [size, size] matrices on the current backend, all together. */
export function productMs({ size, steps }: { size: number; steps: number }): { ms: number } {
  return tf.tidy(() => {
    const a = tf.fill<tf.Rank.R2>([size, size], 0.5);
    const b = tf.fill<tf.Rank.R2>([size, size], 0.25);
    const started = performance.now();
    for (let step = 0; step < steps; step++) tf.matMul(a, b).dispose();
    return { ms: performance.now() - started };
  });
}
