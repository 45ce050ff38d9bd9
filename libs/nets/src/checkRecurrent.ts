import type { Tensor } from '@tensorflow/tfjs-core';
import { ShapeError } from '@onda/contract';
import { checkNonEmpty, checkShape } from './checkShape.ts';
import type { RecurrentGradInputs, RecurrentInputs } from './recurrentTensors.ts';
import type { RecurrentAttributes } from './recurrentOp.ts';
import { gateCounts, reserveCounts } from './recurrentOp.ts';

interface Sizes {
  batch: number;
  time: number;
  units: number;
}

/**
 * Checks the inputs of the forward op against x and the recurrent kernel, which say the sizes.
 *
 * @throws ShapeError naming the input, the shape it must have and the one it has
 */
export function checkInputs(inputs: RecurrentInputs, { cell }: RecurrentAttributes): Sizes {
  const { x, kernel, recurrentKernel, bias, recurrentBias, h0, c0 } = inputs;
  const gates = gateCounts[cell];
  checkNonEmpty(cell, 'x', x, '[batch, time, features]', 3);
  checkNonEmpty(cell, 'recurrentKernel', recurrentKernel, `[units, ${gates} * units]`, 2);
  const [batch, time, features] = x.shape;
  const units = recurrentKernel.shape[0];
  const columns = gates * units;
  checkFit(cell, 'recurrentKernel', recurrentKernel, `[units, ${gates} * units]`, [units, columns]);
  checkFit(cell, 'kernel', kernel, `[features, ${gates} * units]`, [features, columns]);
  checkFit(cell, 'bias', bias, `[${gates} * units]`, [columns]);
  checkFit(cell, 'recurrentBias', recurrentBias, `[${gates} * units]`, [columns]);
  checkFit(cell, 'h0', h0, '[batch, units]', [batch, units]);
  checkOfLstm(cell, 'c0', c0, batch, units);
  return { batch, time, units };
}

/**
 * Checks the inputs of the backward op.
 *
 * @throws ShapeError naming the input, the shape it must have and the one it has
 */
export function checkGradientInputs(inputs: RecurrentGradInputs, attributes: RecurrentAttributes): void {
  const { cell } = attributes;
  const { batch, time, units } = checkInputs(inputs, attributes);
  const blocks = reserveCounts[cell];
  checkFit(cell, 'y', inputs.y, '[batch, time, units]', [batch, time, units]);
  const reserveShape = [batch, time, blocks * units];
  checkFit(cell, 'reserve', inputs.reserve, `[batch, time, ${blocks} * units]`, reserveShape);
  checkFit(cell, 'dy', inputs.dy, '[batch, time, units]', [batch, time, units]);
  checkFit(cell, 'dh', inputs.dh, '[batch, units]', [batch, units]);
  checkOfLstm(cell, 'dc', inputs.dc, batch, units);
}

/** An input whose sizes follow from those of x and the recurrent kernel. */
function checkFit(cell: string, name: string, tensor: Tensor, names: string, shape: readonly number[]): void {
  checkShape(cell, name, tensor, names, shape, 'x and recurrentKernel');
}

function checkOfLstm(
  cell: string,
  name: string,
  tensor: Tensor | undefined,
  batch: number,
  units: number,
): void {
  if (cell === 'lstm') {
    if (tensor === undefined) {
      throw new ShapeError(
        `lstm input "${name}": expected shape [batch, units] = [${batch}, ${units}], got nothing; give it beside h`,
      );
    }
    checkFit(cell, name, tensor, '[batch, units]', [batch, units]);
  } else if (tensor !== undefined) {
    throw new ShapeError(`${cell} input "${name}": only the lstm cell has it; leave it out`);
  }
}
