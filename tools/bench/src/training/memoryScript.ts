import { Net } from '@onda/nets';
import { createRandom, createSource } from '@onda/series';
import { openBackend } from '@onda/tfjs-native';
import { fit, Optimizer } from '@onda/training';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Memory over a long run: `node --expose-gc --import tsx tools/bench/src/training/memoryScript.ts [samples per chunk] [steps]`.
 *
 * Trains the first job's network and prints, ten times, TensorFlow.js's number of tensors, the JavaScript heap after a collection, and
 * the resident memory. The state is carried: 500 steps of 20 samples are one sequence of 10,000 samples by truncated back-propagation.
 * With 10,000 samples per chunk the gradient goes through all of them.
 */
const [samples = 20, steps = 20_000] = process.argv.slice(2).map(Number);
const backend = await openBackend();
const random = createRandom(0);
const net = Net.create({ cell: 'rnn', units: 32, layers: 1, features: 1, outputs: 1 }, (low, high) =>
  random.uniform(low, high),
);
const optimizer = new Optimizer({ kind: 'adam', learningRate: 0.001 }, net.variables);
const source = createSource({ data: { kind: 'sine', samples }, lag: 1, seed: 0 });
const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);

console.log(`${backend.name}: ${steps} steps of ${samples} samples`);
console.log('step    tensors  heap MB  resident MB');
await fit({
  net,
  source,
  optimizer,
  steps,
  carry: true,
  onStep: ({ step, loss }) => {
    if ((step + 1) % Math.ceil(steps / 10) !== 0) return;
    // Losses are kept as tensors until they are read.
    loss();
    globalThis.gc?.();
    const { rss, heapUsed } = process.memoryUsage();
    console.log(
      [
        String(step + 1).padEnd(7),
        String(tf.memory().numTensors).padStart(7),
        megabytes(heapUsed).padStart(8),
        megabytes(rss).padStart(12),
      ].join(' '),
    );
  },
});
