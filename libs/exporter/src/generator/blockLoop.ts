import type { GraphBuilder } from '../graph/graphBuilder.ts';
import { INT_MAX_SLICE_END, axis } from '../graph/ops.ts';
import { emitIf, emitScan } from '../graph/subgraphs.ts';
import type { Dim, Value } from '../graph/value.ts';
import { emitReadout, emitStack } from '../model/netGraph.ts';
import type { RecurrentStates } from '../recurrent/recurrentNode.ts';
import type { ClosedLoop, LoopStart } from './closedLoop.ts';
import { lastSamples, listStates, statesOfList } from './closedLoop.ts';

/**
 * The closed loop of a net with lag above 1. The last `lag` outputs are the next `lag` inputs, so a Scan feeds blocks of `lag` samples
 * at once. The last block is cut to the needed length, so that the final states are those after the last fed value.
 */
export const blockLoop: ClosedLoop = (builder, start) => {
  const { net, constants, lag, prompt, samples } = start;
  const outputs = net.spec.outputs;
  const queue = emitReadout(
    builder,
    net,
    constants,
    'loop/prompt/',
    lastSamples(builder, 'loop/last_h', prompt.y, lag),
  );

  const fed = builder.single('loop/fed', 'Sub', [samples, builder.integers([lag])], {
    shape: [1],
    type: 'int64',
  });
  const more = builder.single('loop/more', 'Greater', [fed, builder.integers([0])], {
    shape: [1],
    type: 'bool',
  });
  const results = emitIf(
    builder,
    'loop',
    more,
    (inner) => {
      const { y, states } = runBlocks(inner, start, fed, queue);
      const all = inner.single(
        'loop/all',
        'Concat',
        [queue, y],
        { shape: ['padded', 'batch', outputs] },
        axis(0),
      );
      return [all, ...listStates(states)];
    },
    () => [queue, ...listStates(prompt.states)],
  );
  const [all, ...states] = results;
  const y = slice(builder, 'loop/y', all, builder.integers([0]), samples, 'samples');
  return { y, states: statesOfList(states, prompt.states) };
};

/** The Scan; its values [padded, batch, outputs] may end with padding of the last block. */
function runBlocks(
  builder: GraphBuilder,
  { net, constants, lag, prompt, batch }: LoopStart,
  fed: Value,
  queue: Value,
): { y: Value; states: RecurrentStates[] } {
  const { outputs } = net.spec;
  const int64 = (shape: readonly Dim[]): { shape: readonly Dim[]; type: 'int64' } => ({
    shape,
    type: 'int64',
  });
  const limit = builder.single('loop/limit', 'Squeeze', [fed, builder.integers([0])], int64([]));
  const starts = builder.single(
    'loop/starts',
    'Range',
    [builder.integer(0), limit, builder.integer(lag)],
    int64(['blocks']),
  );
  const left = builder.single('loop/left', 'Sub', [fed, starts], int64(['blocks']));
  const lengths = builder.single('loop/lengths', 'Min', [left, builder.integers([lag])], int64(['blocks']));
  const entries = builder.single(
    'loop/entries',
    'Unsqueeze',
    [lengths, builder.integers([1])],
    int64(['blocks', 1]),
  );

  const run = emitScan(
    builder,
    'loop/scan',
    [queue, ...listStates(prompt.states)],
    entries,
    (inner, values, length) => {
      const [known, ...states] = values;
      const zero = inner.integers([0]);
      const x = slice(inner, 'loop/x', known, zero, length, 'block');
      const pass = emitStack(inner, net, constants, 'loop/', x, statesOfList(states, prompt.states));
      const y = emitReadout(inner, net, constants, 'loop/', pass.y);
      const rest = slice(inner, 'loop/rest', known, length, inner.integers([INT_MAX_SLICE_END]), 'rest');
      const next = inner.single('loop/next', 'Concat', [y, rest], known, axis(0));
      return { states: [next, ...listStates(pass.states)], output: next };
    },
  );
  const shape = builder.single(
    'loop/row_shape',
    'Concat',
    [builder.integers([-1]), batch, builder.integers([outputs])],
    int64([3]),
    axis(0),
  );
  const y = builder.single('loop/rows', 'Reshape', [run.outputs, shape], {
    shape: ['padded', 'batch', outputs],
  });
  const [, ...states] = run.states;
  return { y, states: statesOfList(states, prompt.states) };
}

/** Samples [from, to) of the first axis, time. */
function slice(
  builder: GraphBuilder,
  name: string,
  value: Value,
  from: Value | string,
  to: Value | string,
  time: Dim,
): Value {
  const shape = [time, ...value.shape.slice(1)];
  return builder.single(name, 'Slice', [value, from, to, builder.integers([0])], { shape, timeMajor: true });
}
