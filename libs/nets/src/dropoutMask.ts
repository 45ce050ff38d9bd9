import type { Tensor3D } from '@tensorflow/tfjs-core';
import { tensor3d } from '@tensorflow/tfjs-core';
import type { DropoutSpec } from './netSpec.ts';

/**
 * What a layer's values are multiplied with: 0 with probability `rate`, else 1 / (1 - rate). The same seed, draw, layer and shape
 * give the same mask, on every machine and backend.
 *
 * @param draw  number of the draw: a training step's
 * @param shape [batch, time, units]
 */
export function dropoutMask(
  { rate, seed }: DropoutSpec,
  draw: number,
  layer: number,
  shape: [number, number, number],
): Tensor3D {
  const start = mix(mix(mix(seed) + draw) + layer);
  const kept = 1 / (1 - rate);
  const limit = rate * 2 ** 32;
  const values = new Float32Array(shape[0] * shape[1] * shape[2]);
  for (let i = 0; i < values.length; i++) values[i] = mix(start + i) < limit ? 0 : kept;
  return tensor3d(values, shape);
}

/** 32 bits that look random, of a number's low 32 bits: Prospecting for Hash Functions, Chris Wellons 2018, `lowbias32`. */
function mix(value: number): number {
  let bits = (value + 0x9e3779b9) | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x7feb352d);
  bits = Math.imul(bits ^ (bits >>> 15), 0x846ca68b);
  return (bits ^ (bits >>> 16)) >>> 0;
}
