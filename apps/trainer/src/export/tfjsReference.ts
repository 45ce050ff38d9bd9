import type { Scaler } from '@onda/contract';
import type { Net } from '@onda/nets';
import { scaleValues, unscaleValues } from '@onda/series';
import * as tf from '@tensorflow/tfjs-core';

/** Values and states of TensorFlow.js in the data's own units: what an exported file is held against. */
export interface TfjsReference {
  /**
   * @param x     [batch, time, features], row-major
   * @param state [batch, state]; zeros when left out
   * @returns y [batch, time, outputs] and the state after the last sample
   */
  forward(
    x: Float32Array,
    batch: number,
    time: number,
    state?: Float32Array,
  ): { y: Float32Array; state: Float32Array };
  /** Feeds the prompt, then every prediction back, a sample at a time; y [batch, samples, outputs]. */
  closedLoop(prompt: Float32Array, batch: number, time: number, samples: number, lag: number): Float32Array;
}

export function createTfjsReference(net: Net, scaler: Scaler): TfjsReference {
  const { features, outputs } = net.spec;

  const forward: TfjsReference['forward'] = (x, batch, time, state) =>
    tf.tidy(() => {
      const input = tf.tensor3d(scaleValues(x, scaler), [batch, time, features]);
      const start = state ? tf.tensor2d(state, [batch, net.stateSize]) : net.zeroState(batch);
      const result = net.forward(input, start);
      return {
        y: unscaleValues(result.y.dataSync<'float32'>(), scaler),
        state: result.state.dataSync<'float32'>(),
      };
    });

  return {
    forward,
    closedLoop(prompt, batch, time, samples, lag) {
      const values = new Float32Array(batch * samples * outputs);
      const put = (y: Float32Array, yTime: number, from: number, sample: number): void => {
        for (let row = 0; row < batch; row++) {
          const start = (row * yTime + from) * outputs;
          values.set(y.subarray(start, start + outputs), (row * samples + sample) * outputs);
        }
      };
      let { y, state } = forward(prompt, batch, time);
      // With lag L the prompt's last L outputs are the first L values after it.
      for (let sample = 0; sample < Math.min(lag, samples); sample++)
        put(y, time, time - lag + sample, sample);
      for (let sample = lag; sample < samples; sample++) {
        const fed = new Float32Array(batch * outputs);
        for (let row = 0; row < batch; row++) {
          const start = (row * samples + sample - lag) * outputs;
          fed.set(values.subarray(start, start + outputs), row * outputs);
        }
        ({ y, state } = forward(fed, batch, 1, state));
        put(y, 1, 0, sample);
      }
      return values;
    },
  };
}
