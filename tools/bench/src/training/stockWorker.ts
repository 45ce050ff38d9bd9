import * as tf from '@tensorflow/tfjs-core';
import type { Start } from '../netWorkload.ts';
import { fromBase64, readStart } from '../netWorkload.ts';
import { answerRequests } from '../workers.ts';
import { stockModel } from './stockModel.ts';
import type { StockModel } from './stockModel.ts';
import { openWorkerBackend, productMs } from './tfjsBackend.ts';

/*
 * tfjs-node's own recurrent layers as a worker. A step is `optimizer.minimize` over the model: `model.trainOnBatch` is not faster (LSTM
 * 128-32-50: median 169 ms against 142 ms in interleaved rounds), reads the loss at every step, and cannot carry a state without leaking it.
 */

interface Job {
  start: Start;
  model: StockModel;
  optimizer: tf.AdamOptimizer;
  x: Float32Array;
  y: Float32Array;
  /** The states at the start of the next chunk; null: zeros. */
  states: tf.Tensor[] | null;
  /** Completed steps. */
  step: number;
}

let job: Job | null = null;

await answerRequests({
  hello: () => openWorkerBackend('tensorflow'),
  prepare: ({ start: path }: { start: string }) => {
    job?.model.dispose();
    job?.optimizer.dispose();
    tf.dispose(job?.states ?? []);
    const start = readStart(path);
    job = {
      start,
      model: stockModel(start),
      // PyTorch's defaults; TensorFlow.js's epsilon is 1e-7.
      optimizer: tf.train.adam(start.learningRate, 0.9, 0.999, 1e-8),
      x: fromBase64(start.x),
      y: fromBase64(start.y),
      states: null,
      step: 0,
    };
  },
  run: ({ steps }: { steps: number }) => {
    if (job === null) throw new Error('expected "prepare" before "run"');
    const losses: tf.Scalar[] = [];
    const started = performance.now();
    for (let step = 0; step < steps; step++) losses.push(trainingStep(job));
    const ms = performance.now() - started;
    const values = losses.map((loss) => loss.dataSync()[0]);
    tf.dispose(losses);
    return { ms, losses: values };
  },
  product: productMs,
});

function trainingStep(current: Job): tf.Scalar {
  const { work, chunks } = current.start;
  const { batch, samples, carry, spec } = work;
  const at = current.step++ % chunks;
  const cut = (values: Float32Array, width: number): Float32Array =>
    values.subarray(at * batch * samples * width, (at + 1) * batch * samples * width);
  const before = current.states;
  const loss = tf.tidy(() => {
    const x = tf.tensor3d(cut(current.x, spec.features), [batch, samples, spec.features]);
    const y = tf.tensor3d(cut(current.y, spec.outputs), [batch, samples, spec.outputs]);
    const cost = current.optimizer.minimize(() => {
      const output = current.model.apply(x, before);
      if (carry) current.states = output.states.map((state) => tf.keep(state.clone()));
      return tf.losses.meanSquaredError<tf.Tensor3D, tf.Scalar>(y, output.y);
    }, true);
    return cost as tf.Scalar;
  });
  tf.dispose(before ?? []);
  return loss;
}
