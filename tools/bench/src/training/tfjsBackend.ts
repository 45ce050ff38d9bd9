import { MissingError } from '@onda/contract';
import type { BackendName } from '@onda/tfjs-native';
import { openBackend } from '@onda/tfjs-native';
import * as tf from '@tensorflow/tfjs-core';
import type { Hello } from '../workers.ts';

/** Opens a backend in a worker. */
export async function openWorkerBackend(want: BackendName): Promise<Hello> {
  try {
    const { name, version } = await openBackend({ want });
    return { version: `${name} ${version}`, threads: want === 'wasm' ? 1 : null };
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
