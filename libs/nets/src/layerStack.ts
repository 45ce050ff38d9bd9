import type { Tensor, Tensor1D, Tensor2D, Tensor3D, Variable } from '@tensorflow/tfjs-core';
import { concat, mul, slice, tensor3d } from '@tensorflow/tfjs-core';
import type { DropoutSpec, NetSpec } from './netSpec.ts';
import { recurrent, recurrentAttributes, recurrentGrad } from './recurrent.ts';
import type { RecurrentInputs, RecurrentOutputs } from '@onda/kernels';

/** The tensors of one layer's forward call that its backward call needs. */
export interface LayerRun {
  readonly inputs: RecurrentInputs;
  readonly outputs: RecurrentOutputs;
  /** Dropout mask of the values from the layer below, [batch, time, units]; undefined without dropout. */
  readonly mask: Tensor3D | undefined;
}

/** Inference, or training with the dropout mask of this draw. */
type StackMode = { training: false } | { training: true; draw: number };

/**
 * Runs the recurrent layers of a net.
 *
 * @param variables the net's weights, in the order of `weightSpecs`
 * @param x         [batch, time, features]
 * @param state     [batch, state]
 */
export function forwardLayers(
  spec: NetSpec,
  variables: readonly Variable[],
  x: Tensor3D,
  state: Tensor2D,
  mode: StackMode,
): LayerRun[] {
  const { cell, layers } = spec;
  const attributes = recurrentAttributes({ cell, training: mode.training });
  const runs: LayerRun[] = [];
  for (let layer = 0; layer < layers; layer++) {
    const below = layer === 0 ? x : runs[layer - 1].outputs.y;
    const mask = layer === 0 ? undefined : maskOf(spec, mode, layer, below);
    const inputs = {
      x: mask === undefined ? below : mul<Tensor3D>(below, mask),
      kernel: variables[4 * layer] as Tensor as Tensor2D,
      recurrentKernel: variables[4 * layer + 1] as Tensor as Tensor2D,
      bias: variables[4 * layer + 2] as Tensor as Tensor1D,
      recurrentBias: variables[4 * layer + 3] as Tensor as Tensor1D,
      ...layerState(spec, state, layer),
    };
    runs.push({ inputs, outputs: recurrent(inputs, attributes), mask });
  }
  return runs;
}

/**
 * The gradients of the layers' weights, from the last layer to the first: dy of a layer is dx of the layer above. The gradient of
 * the final state is zero: the state that starts the next chunk is detached (truncated BPTT).
 *
 * @param dyLast dy of the last layer, [batch, time, units]
 * @param zero   zeros, [batch, units]
 * @returns in the order of `weightSpecs`
 */
export function backwardLayers(
  { cell }: NetSpec,
  runs: readonly LayerRun[],
  dyLast: Tensor3D,
  zero: Tensor2D,
): Tensor[] {
  const gradients: Tensor[] = [];
  let dy = dyLast;
  for (let layer = runs.length - 1; layer >= 0; layer--) {
    const { inputs, outputs, mask } = runs[layer];
    const { y, reserve } = outputs;
    const results = recurrentGrad(
      { ...inputs, y, reserve, dy, dh: zero, dc: cell === 'lstm' ? zero : undefined },
      recurrentAttributes({ cell, training: true, inputGradient: layer > 0 }),
    );
    const { dKernel, dRecurrentKernel, dBias, dRecurrentBias } = results;
    gradients.unshift(dKernel, dRecurrentKernel, dBias, dRecurrentBias);
    dy = mask === undefined ? (results.dx as Tensor3D) : mul<Tensor3D>(results.dx, mask);
  }
  return gradients;
}

/** The states of all layers after the last sample as one row, [batch, state]. */
export function packState(runs: readonly LayerRun[]): Tensor2D {
  const parts = runs.flatMap(({ outputs: { h, c } }) => (c === undefined ? [h] : [h, c]));
  return parts.length === 1 ? parts[0] : concat(parts, 1);
}

/** A layer's part of the state row. */
function layerState(
  { cell, units, layers }: NetSpec,
  state: Tensor2D,
  layer: number,
): { h0: Tensor2D; c0?: Tensor2D } {
  const part = (index: number): Tensor2D => slice(state, [0, index * units], [-1, units]);
  if (cell === 'lstm') return { h0: part(2 * layer), c0: part(2 * layer + 1) };
  return { h0: layers === 1 ? state : part(layer) };
}

function maskOf(
  { dropout }: NetSpec,
  mode: StackMode,
  layer: number,
  { shape }: Tensor3D,
): Tensor3D | undefined {
  if (dropout === undefined || dropout.rate === 0 || !mode.training) return undefined;
  return dropoutMask(dropout, mode.draw, layer, shape);
}

/**
 * A dropout mask: 0 with probability `rate`, else 1 / (1 - rate). The same seed, draw, layer and shape give the same mask on every
 * machine and backend.
 *
 * @param draw  number of the training step
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

/** A 32-bit integer hash: `lowbias32` of Prospecting for Hash Functions, Chris Wellons 2018. */
function mix(value: number): number {
  let bits = (value + 0x9e3779b9) | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x7feb352d);
  bits = Math.imul(bits ^ (bits >>> 15), 0x846ca68b);
  return (bits ^ (bits >>> 16)) >>> 0;
}
