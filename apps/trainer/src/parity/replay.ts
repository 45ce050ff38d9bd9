import { Net, loadPyTorchWeights, toPyTorchWeights, type PyTorchWeights } from '@onda/nets';
import { createSource } from '@onda/series';
import { fit, Optimizer } from '@onda/training';
import * as tf from '@tensorflow/tfjs-core';
import type { Reference } from './reference.ts';

/** What we did with a reference's start weights: the same things that the reference holds. */
export interface Replay {
  losses: Float32Array;
  weights: PyTorchWeights;
  /** By step, as in the reference. */
  predictions: Map<string, Float32Array>;
  closedLoop: Float32Array;
}

/**
 * Repeats a reference run through the real training path on the current backend: the first job's chunks, the net, its gradients, the
 * optimizer, the carry; then feeds predictions back from the carried state.
 *
 * @throws ModelError when the start weights are not those of the net that the reference names
 */
export async function replay(reference: Reference): Promise<Replay> {
  const { cell, hidden, layers, num, steps } = reference;
  const source = createSource({ data: { kind: 'sine', samples: num }, lag: 1, seed: 0 });
  const net = Net.create({ cell, units: hidden, layers, features: 1, outputs: 1 }, () => 0);
  // The reference's own settings: Adam(lr 0.01, betas 0.9 and 0.999, eps 1e-8), mean squared error.
  const optimizer = new Optimizer({ kind: 'adam', learningRate: 0.01 }, net.variables);
  try {
    loadPyTorchWeights(net, reference.initial);
    const predictions = new Map<string, Float32Array>();
    const { losses, carry } = await fit({
      net,
      source,
      optimizer,
      steps,
      loss: 'mse',
      carry: true,
      onStep: ({ step, prediction }) => {
        if (String(step) in reference.predictions) predictions.set(String(step), prediction());
      },
    });
    const closedLoop = feedBack(net, reference, carry?.values ?? new Float32Array(net.stateSize));
    return { losses, weights: toPyTorchWeights(net), predictions, closedLoop };
  } finally {
    optimizer.dispose();
    net.dispose();
  }
}

/** As many values as the reference's closed loop has, each prediction fed back, from the state after the last step. */
function feedBack(net: Net, reference: Reference, start: Float32Array): Float32Array {
  const values = new Float32Array(reference.closed_loop.length);
  let fed = reference.closed_loop_first_input;
  let state = start;
  for (let i = 0; i < values.length; i++) {
    const next = tf.tidy(() => {
      const result = net.forward(tf.tensor3d([fed], [1, 1, 1]), tf.tensor2d(state, [1, net.stateSize]));
      return { y: result.y.dataSync<'float32'>()[0], state: result.state.dataSync<'float32'>() };
    });
    values[i] = next.y;
    fed = next.y;
    state = next.state;
  }
  return values;
}
