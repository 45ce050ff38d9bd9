import type { Rank, Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { add, matMul, reshape, split, stack, sum, tensor, unstack } from '@tensorflow/tfjs-core';
import type { RecurrentAttributes } from '../recurrentOp.ts';
import { reserveCounts } from '../recurrentOp.ts';
import { sampleAt } from '../sampleAt.ts';
import type { CellSample, CellState } from './composedCell.ts';
import { composedCells } from './composedCells.ts';

/**
 * The backward op in TensorFlow.js operations.
 *
 * @param inputs the op's inputs in its order (recurrentOp.ts)
 * @returns the op's outputs in its order
 */
export function backwardSequence(inputs: readonly Tensor[], attributes: RecurrentAttributes): Tensor[] {
  const lstm = attributes.cell === 'lstm';
  const [x, kernel, recurrentKernel, , recurrentBias, h0] = inputs;
  const [y, reserve, dy, dh, dc] = inputs.slice(lstm ? 7 : 6);
  const [batch, time, features] = x.shape;
  const units = h0.shape[1] ?? 0;
  const columns = kernel.shape[1] ?? 0;
  const cell = composedCells[attributes.cell];
  const weights = {
    recurrentKernel: recurrentKernel as Tensor2D,
    recurrentBias: reshape<Rank.R2>(recurrentBias, [1, columns]),
  };
  const samples = cellSamples(
    unstack(y, 1) as Tensor2D[],
    reserveBlocks(reserve, attributes),
    { h: h0, ...(lstm ? { c: inputs[6] } : {}) } as CellState,
    attributes,
  );
  const dys = unstack(dy, 1) as Tensor2D[];

  let gradient = { h: dh, ...(lstm ? { c: dc } : {}) } as CellState;
  const dInputs: Tensor2D[] = [];
  const dRecurrents: Tensor2D[] = [];
  for (let step = time - 1; step >= 0; step--) {
    const sample = sampleAt(step, time, attributes.reverse);
    const all = { ...gradient, h: add<Tensor2D>(gradient.h, dys[sample]) };
    const result = cell.stepBack(samples[sample], all, weights, attributes);
    gradient = result.before;
    dInputs[sample] = result.dInput;
    dRecurrents[sample] = result.dRecurrent;
  }

  const flat = (parts: Tensor2D[], width: number) => reshape<Rank.R2>(stack(parts, 1), [batch * time, width]);
  const dInput = flat(dInputs, columns);
  const dRecurrent = flat(dRecurrents, columns);
  const states = flat(
    samples.map(({ before }) => before.h),
    units,
  );
  const reserveRows = reshape<Rank.R2>(reserve, [batch * time, reserveCounts[attributes.cell] * units]);
  const dx = attributes.inputGradient
    ? reshape(matMul(dInput, kernel, false, true), [batch, time, features])
    : tensor([], [0], 'float32');
  return [
    dx,
    matMul(reshape(x, [batch * time, features]), dInput, true),
    cell.dRecurrentKernel(states, reserveRows, dRecurrent, attributes),
    sum(dInput, 0),
    sum(dRecurrent, 0),
    gradient.h,
    ...(gradient.c === undefined ? [] : [gradient.c]),
  ];
}

/** The reserve's blocks, each [batch, units], of each sample. */
function reserveBlocks(reserve: Tensor, { cell }: RecurrentAttributes): Tensor2D[][] {
  const blocks = reserveCounts[cell];
  if (blocks === 0) return [];
  return (unstack(reserve, 1) as Tensor2D[]).map((row) => split(row, blocks, 1));
}

/** What backward knows of each sample, in the order of x: c of an lstm is the last block of its reserve. */
function cellSamples(
  ys: readonly Tensor2D[],
  blocks: readonly Tensor2D[][],
  start: CellState,
  { cell, reverse }: RecurrentAttributes,
): CellSample[] {
  const samples: CellSample[] = [];
  let before = start;
  for (let step = 0; step < ys.length; step++) {
    const sample = sampleAt(step, ys.length, reverse);
    const reserve = blocks.length > 0 ? blocks[sample] : [];
    const after = cell === 'lstm' ? { h: ys[sample], c: reserve[4] } : { h: ys[sample] };
    samples[sample] = { before, after, reserve };
    before = after;
  }
  return samples;
}
