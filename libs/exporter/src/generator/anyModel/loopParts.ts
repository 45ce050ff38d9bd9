import { axis } from '../../graph/axis.ts';
import type { GraphBuilder } from '../../graph/graphBuilder.ts';
import type { Dim, Value } from '../../graph/value.ts';
import { toTheEnd } from '../../graph/toTheEnd.ts';

/** Samples [from, to) of a batch-major sequence. */
export function samplesOf(
  builder: GraphBuilder,
  name: string,
  sequence: Value,
  [from, to]: readonly [number, number | Value],
  time: Dim,
): Value {
  const [batch, , ...rest] = sequence.shape;
  const end = typeof to === 'number' ? builder.integers([Math.min(to, toTheEnd)]) : to;
  const inputs = [sequence, builder.integers([from]), end, builder.integers([1])];
  return builder.single(name, 'Slice', inputs, { shape: [batch, time, ...rest], type: sequence.type });
}

/** One sequence behind the other. */
export function joinSamples(builder: GraphBuilder, name: string, parts: readonly Value[], time: Dim): Value {
  const [{ shape, type }] = parts;
  const [batch, , ...rest] = shape;
  return builder.single(name, 'Concat', parts, { shape: [batch, time, ...rest], type }, axis(1));
}

/** The only sample of a sequence: [batch, 1, ...] ---> [batch, ...]. */
export function onlySample(builder: GraphBuilder, name: string, sequence: Value): Value {
  const [batch, , ...rest] = sequence.shape;
  return builder.single(name, 'Squeeze', [sequence, builder.integers([1])], {
    shape: [batch, ...rest],
    type: sequence.type,
  });
}

/** A sample's draws as those of a sequence of one: [batch, width] ---> [batch, 1, width]. */
export function asSequence(builder: GraphBuilder, entry: Value): Value {
  const [batch, width] = entry.shape;
  return builder.single('loop/draws', 'Unsqueeze', [entry, builder.integers([1])], {
    shape: [batch, 1, width],
  });
}
