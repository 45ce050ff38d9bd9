import type { GraphBuilder } from '../graph/graphBuilder.ts';
import type { Value } from '../graph/value.ts';
import { axis } from '../graph/axis.ts';

/**
 * The last samples of a sequence. A Gather, not a Slice: from a sequence that is shorter it does not take fewer, the run fails.
 *
 * @param count how many
 */
export function lastOf(builder: GraphBuilder, name: string, sequence: Value, count: number): Value {
  const time = sequence.timeMajor ? 0 : 1;
  const indices = builder.integers(Array.from({ length: count }, (_, index) => index - count));
  const shape = sequence.shape.map((dim, place) => (place === time ? count : dim));
  return builder.single(
    name,
    'Gather',
    [sequence, indices],
    { shape, timeMajor: sequence.timeMajor },
    axis(time),
  );
}
