import type { DrawKeys, Sampling, Scaler } from '@onda/contract';
import { outputScaler } from '@onda/contract';
import type { Net } from '@onda/nets';
import { drawValue } from '@onda/runtime';
import { scaleValues, unscaleValues } from '@onda/series';
import * as tf from '@tensorflow/tfjs-core';

/** Values and states of a net in TensorFlow.js in the units of the data: the reference for exported files. */
export interface TfjsReference {
  /**
   * @param x     [batch, time, features], row-major
   * @param state [batch, state]; default zeros
   * @returns y [batch, time, outputs], all columns of the read-out, and the state after the last sample
   */
  forward(
    x: Float32Array,
    batch: number,
    time: number,
    state?: Float32Array,
  ): { y: Float32Array; state: Float32Array };
  /**
   * Runs the closed loop after a prompt, one sample at a time.
   *
   * @param keys keys of the seed for sampled values; default: the point prediction
   * @returns [batch, samples, features]
   */
  closedLoop(
    prompt: Float32Array,
    batch: number,
    time: number,
    samples: number,
    lag: number,
    keys?: DrawKeys,
  ): Float32Array;
}

/**
 * The outputs of a net from zero states, scaled in float64: exact for values that float32 would round, unlike the exported graph.
 *
 * @param x        [batch, time, features], row-major, in the units of the data
 * @param sampling how values are sampled from the outputs; null: the outputs are the values
 * @returns [batch, time, outputs], all columns of the read-out, in the units of the data
 */
export function forecastValues(
  net: Net,
  scaler: Scaler,
  sampling: Sampling | null,
  x: Float64Array,
  batch: number,
  time: number,
): Float64Array {
  const readout = tf.tidy(() => {
    const input = tf.tensor3d(Float32Array.from(scaleValues(x, scaler)), [batch, time, net.spec.features]);
    return net.forwardReadout(input, net.zeroState(batch)).readout.dataSync<'float32'>();
  });
  return unscaleValues(Float64Array.from(readout), outputScaler(scaler, sampling));
}

/** @param sampling how values are sampled from the outputs; null: the outputs are the values */
export function createTfjsReference(
  net: Net,
  scaler: Scaler,
  sampling: Sampling | null = null,
): TfjsReference {
  const { features } = net.spec;
  const ofOutputs = outputScaler(scaler, sampling);

  const forward: TfjsReference['forward'] = (x, batch, time, state) =>
    tf.tidy(() => {
      const input = tf.tensor3d(scaleValues(x, scaler), [batch, time, features]);
      const start = state ? tf.tensor2d(state, [batch, net.stateSize]) : net.zeroState(batch);
      const result = net.forwardReadout(input, start);
      return {
        y: unscaleValues(result.readout.dataSync<'float32'>(), ofOutputs),
        state: result.state.dataSync<'float32'>(),
      };
    });

  return {
    forward,
    closedLoop(prompt, batch, time, samples, lag, keys) {
      const values = new Float32Array(batch * samples * features);
      const put = (y: Float32Array, yTime: number, from: number, sample: number): void => {
        const outputs = y.length / (batch * yTime);
        for (let row = 0; row < batch; row++) {
          const start = (row * yTime + from) * outputs;
          const own = y.subarray(start, start + outputs);
          const value =
            sampling === null || keys === undefined
              ? own.subarray(0, features)
              : drawValue(sampling, keys, Array.from(own), row, sample);
          values.set(value, (row * samples + sample) * features);
        }
      };
      let { y, state } = forward(prompt, batch, time);
      // With lag L the last L outputs of the prompt are the first L values after it.
      for (let sample = 0; sample < Math.min(lag, samples); sample++)
        put(y, time, time - lag + sample, sample);
      for (let sample = lag; sample < samples; sample++) {
        const fed = new Float32Array(batch * features);
        for (let row = 0; row < batch; row++) {
          const start = (row * samples + sample - lag) * features;
          fed.set(values.subarray(start, start + features), row * features);
        }
        ({ y, state } = forward(fed, batch, 1, state));
        put(y, 1, 0, sample);
      }
      return values;
    },
  };
}
