import type { Tensor } from '@tensorflow/tfjs-core';
import { ShapeError } from '@onda/contract';

/**
 * Checks the input of a recurrent layer that is built: x [batch, time, features], and initial states, each [batch, units].
 *
 * @param states their names, in order: `h`, `c`
 * @throws ShapeError naming the layer, what it takes and what came
 */
export function checkSequence(
  layer: string,
  [x, ...given]: readonly Tensor[],
  { features, units, states }: { features: number; units: number; states: readonly string[] },
): void {
  const fits = x.shape.length === 3 && x.shape[2] === features && x.shape.every((size) => size >= 1);
  if (!fits) {
    throw new ShapeError(
      `layer "${layer}": expected x of shape [batch, time, ${features}] with every dim at least 1, got [${x.shape.join(', ')}]; give it the features that the layer was built with`,
    );
  }
  checkFloats(layer, 'x', x);
  if (given.length === 0) return;
  if (given.length !== states.length) {
    throw new ShapeError(
      `layer "${layer}": expected x alone or x and ${states.join(' and ')}, got ${given.length + 1} inputs; give the whole initial state or none of it`,
    );
  }
  for (const [index, state] of given.entries()) {
    const [rows, columns] = state.shape;
    if (state.shape.length !== 2 || rows !== x.shape[0] || columns !== units) {
      throw new ShapeError(
        `layer "${layer}": expected initial state ${states[index]} of shape [batch, units] = [${x.shape[0]}, ${units}], got [${state.shape.join(', ')}]; give a row of units for each sequence of x`,
      );
    }
    checkFloats(layer, `initial state ${states[index]}`, state);
  }
}

function checkFloats(layer: string, what: string, { dtype }: Tensor): void {
  if (dtype === 'float32') return;
  throw new ShapeError(`layer "${layer}": expected ${what} in float32, got ${dtype}; cast it`);
}
