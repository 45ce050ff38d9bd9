import type { Rank, Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { add, concat, matMul, reshape, stack, tensor, unstack } from '@tensorflow/tfjs-core';
import type { RecurrentAttributes } from '../recurrentOp.ts';
import { sampleAt } from '../sampleAt.ts';
import type { CellState } from './composedCell.ts';
import { composedCells } from './composedCells.ts';

/**
 * The forward op in TensorFlow.js operations.
 *
 * @param inputs the op's inputs in its order (recurrentOp.ts)
 * @returns the op's outputs in its order
 */
export function forwardSequence(inputs: readonly Tensor[], attributes: RecurrentAttributes): Tensor[] {
  const [x, kernel, recurrentKernel, bias, recurrentBias, h0, c0] = inputs;
  const [batch, time, features] = x.shape;
  const cell = composedCells[attributes.cell];
  const columns = kernel.shape[1] ?? 0;
  const weights = {
    recurrentKernel: recurrentKernel as Tensor2D,
    recurrentBias: reshape<Rank.R2>(recurrentBias, [1, columns]),
  };
  const products = add(matMul(reshape(x, [batch * time, features]), kernel), bias);
  const samples = unstack(reshape(products, [batch, time, columns]), 1) as Tensor2D[];

  let state = { h: h0, ...(attributes.cell === 'lstm' ? { c: c0 } : {}) } as CellState;
  const ys: Tensor2D[] = [];
  const reserves: Tensor2D[] = [];
  for (let step = 0; step < time; step++) {
    const sample = sampleAt(step, time, attributes.reverse);
    const next = cell.step(samples[sample], state, weights, attributes);
    state = next.state;
    ys[sample] = state.h;
    if (attributes.training && next.reserve.length > 0) reserves[sample] = concat([...next.reserve], 1);
  }
  const reserve = !attributes.training
    ? tensor([], [0], 'float32')
    : reserves.length > 0
      ? stack(reserves, 1)
      : tensor([], [batch, time, 0], 'float32');
  const y = stack(ys, 1) as Tensor3D;
  return state.c === undefined ? [y, state.h, reserve] : [y, state.h, state.c, reserve];
}
