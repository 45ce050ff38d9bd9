import type { Tensor, Tensor1D, Tensor2D, Tensor3D, Variable } from '@tensorflow/tfjs-core';
import { concat, mul, slice } from '@tensorflow/tfjs-core';
import { dropoutMask } from './dropoutMask.ts';
import type { NetSpec } from './netSpec.ts';
import { recurrent, recurrentAttributes, recurrentGrad } from './recurrent.ts';
import type { RecurrentInputs, RecurrentOutputs } from './recurrentTensors.ts';

/** What one layer's forward call leaves for its backward call. */
export interface LayerRun {
  readonly inputs: RecurrentInputs;
  readonly outputs: RecurrentOutputs;
  /** What the values from the layer below were multiplied with, [batch, time, units]; undefined for no dropout. */
  readonly mask: Tensor3D | undefined;
}

/** How a stack runs forward: for values alone, or for gradients, whose dropout is that of this draw. */
export type StackMode = { training: false } | { training: true; draw: number };

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
 * The gradients of the layers' weights, from the last layer to the first: dy of a layer is dx of the one above it. Nothing comes
 * back through the final state, which starts the next chunk and is cut from the gradient.
 *
 * @param dyLast of the last layer, [batch, time, units]
 * @param none   zeros, [batch, units]
 * @returns in the order of `weightSpecs`
 */
export function backwardLayers(
  { cell }: NetSpec,
  runs: readonly LayerRun[],
  dyLast: Tensor3D,
  none: Tensor2D,
): Tensor[] {
  const gradients: Tensor[] = [];
  let dy = dyLast;
  for (let layer = runs.length - 1; layer >= 0; layer--) {
    const { inputs, outputs, mask } = runs[layer];
    const { y, reserve } = outputs;
    const results = recurrentGrad(
      { ...inputs, y, reserve, dy, dh: none, dc: cell === 'lstm' ? none : undefined },
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
