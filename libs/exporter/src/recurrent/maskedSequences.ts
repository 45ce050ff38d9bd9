import { attribute } from '@onda/onnx';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import { axis, cast, scalar } from '../graph/ops.ts';
import type { Dim, Value } from '../graph/value.ts';

/**
 * A mask in the form that recurrent nodes need. At a masked sample TensorFlow.js keeps the states and repeats the output
 * (tfjs-layers recurrent.ts, rnn); a node has only `sequence_lens`. So the unmasked samples are moved to the front of their sequence, the
 * node runs over that many, and each position takes its output from the last unmasked sample up to there.
 */
export interface CompactedMask {
  /** Target position of each sample: unmasked ones first, in order; int64 [time, batch]. */
  readonly places: Value;
  /** For `sequence_lens`: number of unmasked samples, at least 1, since runtimes differ for 0; int32 [batch]. */
  readonly lengths: Value;
  /** Whether any sample is unmasked; bool [1, batch, 1]. */
  readonly any: Value;
  /** Number of unmasked samples up to each position, the index of its output; 0 is the initial state; int64 [time, batch]. */
  readonly forward: Value;
  /** The same for the reverse direction: 1 + number of unmasked samples before the position, or -1, the initial state, if none follows. */
  readonly backward: Value;
}

/** Computes the compacted form of a mask, bool [batch, time]; shared by all layers with that mask. */
export function compactMask(builder: GraphBuilder, mask: Value): CompactedMask {
  return builder.once(`counted:${mask.name}`, () => emitCompactedMask(builder, mask));
}

function emitCompactedMask(builder: GraphBuilder, mask: Value): CompactedMask {
  const { name } = mask;
  const counts = builder.inLayout(mask, true);
  const [time, batch] = counts.shape;
  const like = { shape: [time, batch], type: 'int64' as const };
  const add = (part: string, op: string, inputs: readonly (Value | string)[]): Value =>
    builder.single(`${name}/${part}`, op, inputs, like);
  const one = builder.integer(1);
  const ones = cast(builder, `${name}/ones`, counts, 'int64');
  const others = add('others', 'Sub', [one, ones]);
  const forward = add('rank', 'CumSum', [ones, builder.integer(0)]);
  const rest = add('other_rank', 'CumSum', [others, builder.integer(0)]);
  const total = builder.single(
    `${name}/total`,
    'ReduceSum',
    [ones, builder.integers([0])],
    { shape: [1, batch], type: 'int64' },
    { keepdims: attribute.int(1) },
  );
  const behind = add('behind', 'Add', [rest, total]);
  const places = add('places', 'Sub', [add('order', 'Where', [counts, forward, behind]), one]);
  const positive = { shape: [1, batch], type: 'int64' as const };
  const least = builder.single(`${name}/at_least_1`, 'Max', [total, one], positive);
  const row = builder.single(`${name}/lengths_row`, 'Squeeze', [least, builder.integers([0])], {
    shape: [batch],
    type: 'int64',
  });
  const some = builder.single(`${name}/some`, 'Greater', [total, builder.integer(0)], {
    shape: [1, batch],
    type: 'bool',
  });
  const before = add('before', 'Sub', [forward, ones]);
  const left = builder.single(`${name}/left`, 'Less', [before, total], {
    shape: [time, batch],
    type: 'bool',
  });
  return {
    places,
    lengths: cast(builder, `${name}/lengths`, row, 'int32'),
    any: builder.single(`${name}/any`, 'Unsqueeze', [some, builder.integers([2])], {
      shape: [1, batch, 1],
      type: 'bool',
    }),
    forward,
    backward: add('backward', 'Where', [left, add('next', 'Add', [before, one]), builder.integer(-1)]),
  };
}

/** Moves unmasked samples to the front; x and the result are time-major, [time, batch, features]. */
export function compactSequence(
  builder: GraphBuilder,
  name: string,
  x: Value,
  { places }: CompactedMask,
): Value {
  const indices = expandIndices(builder, `${name}/places`, places, 2, x);
  return builder.single(`${name}/front`, 'ScatterElements', [x, indices, x], x, axis(0));
}

/**
 * Scatters a layer's outputs back to their positions.
 *
 * @param y        of the compacted samples: [time, directions, batch, units]
 * @param initial  [directions, batch, units]; undefined: zeros
 * @param backward of each direction, whether it runs from the end
 */
export function scatterOutputs(
  builder: GraphBuilder,
  name: string,
  y: Value,
  initial: Value | undefined,
  backward: readonly boolean[],
  counted: CompactedMask,
): Value {
  const [time, directions, batch, units] = y.shape;
  const ends: Dim = `${name}/with_ends`;
  const longer = { shape: [ends, directions, batch, units] };
  let whole: Value;
  if (initial === undefined) {
    const pads = builder.integers([1, 0, 0, 0, 1, 0, 0, 0]);
    whole = builder.single(`${name}/with_ends`, 'Pad', [y, pads], longer, {
      mode: attribute.string('constant'),
    });
  } else {
    const end = builder.single(`${name}/end`, 'Unsqueeze', [initial, builder.integers([0])], {
      shape: [1, ...initial.shape],
    });
    whole = builder.single(`${name}/with_ends`, 'Concat', [end, y, end], longer, axis(0));
  }
  const [first, second] = backward.map((back, direction) => {
    const source = back ? counted.backward : counted.forward;
    return builder.single(`${name}/source:${direction}`, 'Unsqueeze', [source, builder.integers([1])], {
      shape: [time, 1, batch],
      type: 'int64',
    });
  });
  const sources =
    backward.length === 1
      ? first
      : builder.single(
          `${name}/sources`,
          'Concat',
          [first, second],
          { shape: [time, directions, batch], type: 'int64' },
          axis(1),
        );
  const indices = expandIndices(builder, `${name}/source`, sources, 3, y);
  return builder.single(`${name}/back`, 'GatherElements', [whole, indices], y, axis(0));
}

/** A final state, [directions, batch, units]: the initial one where all samples are masked. */
export function maskedFinalState(
  builder: GraphBuilder,
  name: string,
  final: Value,
  initial: Value | undefined,
  { any }: CompactedMask,
): Value {
  return builder.single(name, 'Where', [any, final, initial ?? scalar(builder, 0)], final);
}

/** Indices expanded along a new last axis to the shape of a value. */
function expandIndices(
  builder: GraphBuilder,
  name: string,
  indices: Value,
  last: number,
  like: Value,
): Value {
  const raised = builder.single(`${name}/raised`, 'Unsqueeze', [indices, builder.integers([last])], {
    shape: [...indices.shape, 1],
    type: 'int64',
  });
  const shape = builder.single(`${name}/shape`, 'Shape', [like], {
    shape: [like.shape.length],
    type: 'int64',
  });
  return builder.single(`${name}/spread`, 'Expand', [raised, shape], { shape: like.shape, type: 'int64' });
}
