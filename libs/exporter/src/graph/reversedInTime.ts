import type { GraphBuilder } from './graphBuilder.ts';
import { toTheEnd } from './toTheEnd.ts';
import type { Value } from './value.ts';

/** A time-major sequence from its end. */
export function reversedInTime(builder: GraphBuilder, name: string, sequence: Value): Value {
  const [start, end, place, step] = [-1, -toTheEnd, 0, -1].map((value) => builder.integers([value]));
  return builder.single(name, 'Slice', [sequence, start, end, place, step], sequence);
}
