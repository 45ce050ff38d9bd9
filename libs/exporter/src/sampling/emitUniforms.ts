import { drawConstants } from '@onda/contract';
import { axis } from '../graph/axis.ts';
import { cast } from '../graph/cast.ts';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import { scalar } from '../graph/scalar.ts';
import type { Dim, Value } from '../graph/value.ts';

/** Two draws for each place, uniform in (0, 1), [samples, batch, width] each. */
export type Uniforms = readonly [Value, Value];

/**
 * Adds the draws of a seed for every sample: `uniformDraws` of libs/contract, in int64 arithmetic, all places at once.
 *
 * @param seed  int64 [1], or [2] with how many samples came before: the draws are those of the samples behind them
 * @param count how many samples, int64 [1]
 * @param batch int64 [1]
 * @param width draws of a row in each sample
 */
export function emitUniforms(
  builder: GraphBuilder,
  seed: Value,
  count: Value,
  batch: Value,
  width: number,
): Uniforms {
  const { modulus, rounds, dropped, steps } = drawConstants;
  const most = builder.integer(modulus);
  const node = (
    name: string,
    op: string,
    inputs: readonly (Value | string)[],
    shape: readonly Dim[],
    attributes = {},
  ): Value => builder.single(`draws/${name}`, op, inputs, { shape, type: 'int64' }, attributes);
  const rest = (name: string, value: Value): Value => node(name, 'Mod', [value, most], value.shape);

  // One that comes alone is followed by 0.
  const parts = node('seed_parts', 'Concat', [seed, builder.integers([0])], ['parts'], axis(0));
  const own = node('seed_own', 'Gather', [parts, builder.integers([0])], [1]);
  const from = node('seed_from', 'Gather', [parts, builder.integers([1])], [1]);
  const even = rest('even', own);
  const odd = rest('odd', node('seed_high', 'Div', [own, most], [1]));
  const cells = node('cell_count', 'Mul', [batch, builder.integers([width])], [1]);
  // [samples, 1] and [1, cells]: the first rounds work on these, what follows on [samples, cells].
  const behind = counted(builder, 'draws/sample', count, 'samples', 1);
  let left = rest('samples', node('from_there', 'Add', [behind, from], behind.shape));
  let right = rest('cells', counted(builder, 'draws/cell', cells, 'cells', 0));
  const full = ['samples', 'cells'];
  rounds.forEach((constant, round) => {
    const name = `round:${round}`;
    const key = node(`${name}/key`, 'Add', [round % 2 === 0 ? even : odd, builder.integer(constant)], [1]);
    const sum = rest(`${name}/sum`, node(`${name}/add`, 'Add', [right, key], right.shape));
    const square = rest(`${name}/square`, node(`${name}/times`, 'Mul', [sum, sum], sum.shape));
    const cube = rest(`${name}/cube`, node(`${name}/times_again`, 'Mul', [square, sum], sum.shape));
    const mixed = rest(`${name}/mixed`, node(`${name}/mix`, 'Add', [left, cube], full));
    [left, right] = [right, mixed];
  });
  const sizes = node('shape', 'Concat', [count, batch, builder.integers([width])], [3], axis(0));
  const uniform = (name: string, value: Value): Value => {
    const part = node(`${name}/part`, 'Div', [value, builder.integer(dropped)], full);
    const twice = node(`${name}/twice`, 'Mul', [part, builder.integer(2)], full);
    const number = node(`${name}/odd`, 'Add', [twice, builder.integer(1)], full);
    const float = cast(builder, `draws/${name}/float`, number, 'float32');
    const scaled = builder.single(`draws/${name}/uniform`, 'Mul', [float, scalar(builder, 1 / steps)], float);
    return builder.single(`draws/${name}`, 'Reshape', [scaled, sizes], {
      shape: ['samples', 'batch', width],
    });
  };
  return [uniform('left', left), uniform('right', right)];
}

/** 0, 1, 2, ... along one of two axes. */
function counted(builder: GraphBuilder, name: string, count: Value, dim: string, at: 0 | 1): Value {
  const int64 = (shape: readonly Dim[]): { shape: readonly Dim[]; type: 'int64' } => ({
    shape,
    type: 'int64',
  });
  const limit = builder.single(`${name}/limit`, 'Squeeze', [count, builder.integers([0])], int64([]));
  const range = [builder.integer(0), limit, builder.integer(1)];
  const numbers = builder.single(`${name}/numbers`, 'Range', range, int64([dim]));
  return builder.single(
    name,
    'Unsqueeze',
    [numbers, builder.integers([at])],
    int64(at === 0 ? [1, dim] : [dim, 1]),
  );
}
