import * as tf from '@tensorflow/tfjs-core';
import type { Primed } from './stepWorker.ts';

/** One sample of a net: x [batch, 1, 1] and states to y [batch, 1, 1] and states. */
type Step = (x: tf.Tensor3D, states: readonly tf.Tensor[]) => [tf.Tensor3D, tf.Tensor[]];

/**
 * The closed loop of a net of TensorFlow.js, as its user writes it.
 *
 * @param last   the prompt's last value, [batch]
 * @param primed states before it; they are freed with the loop
 */
export function tensorLoop(
  step: Step,
  last: Float32Array,
  primed: readonly tf.Tensor[],
  dispose: () => void,
): Primed {
  const first = tf.tensor3d(last, [last.length, 1, 1]);
  return {
    generate: (steps, _threads, keep) => {
      const started = performance.now();
      let [x, states]: [tf.Tensor3D, readonly tf.Tensor[]] = [first, primed];
      for (let done = 0; done < steps; done++) {
        const [y, next] = tf.tidy(() => step(x, states));
        if (done > 0) tf.dispose([x, ...states]);
        [x, states] = [y, next];
        if (keep) keep(y.dataSync() as Float32Array);
      }
      // Without a reading the last sample may not be there yet.
      x.dataSync();
      const ms = performance.now() - started;
      tf.dispose([x, ...states]);
      return ms;
    },
    dispose: () => {
      tf.dispose([first, ...primed]);
      dispose();
    },
  };
}
