import { axis } from './axis.ts';
import type { GraphBuilder } from './graphBuilder.ts';
import type { Dim, Value } from './value.ts';

/**
 * Zeros for every sequence of x [time, batch, ...].
 *
 * @param rest what is behind the batch
 * @returns [batch, ...rest]
 */
export function emitZeros(builder: GraphBuilder, name: string, x: Value, rest: readonly number[]): Value {
  const whole = { type: 'int64' as const };
  const shape: Dim[] = [x.shape[1], ...rest];
  const sizes = builder.single(`${name}/sizes`, 'Shape', [x], { shape: [x.shape.length], ...whole });
  const batch = builder.single(`${name}/batch`, 'Gather', [sizes, builder.integers([1])], {
    shape: [1],
    ...whole,
  });
  const like = { shape: [shape.length], ...whole };
  const dims = builder.single(`${name}/shape`, 'Concat', [batch, builder.integers(rest)], like, axis(0));
  return builder.single(name, 'ConstantOfShape', [dims], { shape });
}
