import { attribute } from '@onda/onnx';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import { axis, cast, scalar } from '../graph/ops.ts';
import type { Dim, Value } from '../graph/value.ts';

/**
 * A mask as recurrent nodes can have it. At a sample that does not count, a layer of TensorFlow.js keeps its states and gives its output once more
 * (tfjs-layers recurrent.ts, rnn). A node has `sequence_lens` only: so the samples that count are moved to the front of their sequence, the
 * node runs over as many, and each place takes its output from the last sample that counts up to there.
 */
export interface CompactedMask {
  /** Where each sample goes: those that count first, in their order, then the others; int64 [time, batch]. */
  readonly places: Value;
  /** For `sequence_lens`: how many count, at least 1, since runtimes differ in what they do with none; int32 [batch]. */
  readonly lengths: Value;
  /** Whether any counts; bool [1, batch, 1]. */
  readonly any: Value;
  /** Of those that count, how many there are up to each place, and so which output it takes, 0 being the initial state; int64 [time, batch]. */
  readonly forward: Value;
  /** The same from the end: 1 + how many come before each place, or -1, the initial state, when none is at it or after it. */
  readonly backward: Value;
}

/** Works a mask, bool [batch, time], out for recurrent nodes; once for all layers that have it. */
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

/** The samples that count moved to the front; x and the result time-major, [time, batch, features]. */
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
 * What a layer puts out at each place.
 *
 * @param y        of the samples that count, at the front: [time, directions, batch, units]
 * @param initial  [directions, batch, units]; undefined: zeros
 * @param backward of each direction, whether it walks from the end
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

/** A final state, [directions, batch, units]: the initial one where no sample counts. */
export function maskedFinalState(
  builder: GraphBuilder,
  name: string,
  final: Value,
  initial: Value | undefined,
  { any }: CompactedMask,
): Value {
  return builder.single(name, 'Where', [any, final, initial ?? scalar(builder, 0)], final);
}

/** Indices with a last axis as long as that of a value, all entries on it alike. */
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
