import type { GraphBuilder } from '../graph/graphBuilder.ts';
import { axis } from '../graph/ops.ts';
import { emitScan } from '../graph/subgraphs.ts';
import type { Value } from '../graph/value.ts';
import type { NetConstants, StackRun } from '../model/netGraph.ts';
import type { Net } from '../model/readNet.ts';
import type { RecurrentStates } from '../recurrent/recurrentNode.ts';

/** The start of a closed loop. */
export interface LoopStart {
  readonly net: Net;
  readonly constants: NetConstants;
  readonly lag: number;
  /** The net's run over the prompt. */
  readonly prompt: StackRun;
  /** Number of values to generate, int64 [1], at least 0. */
  readonly samples: Value;
  /** Batch size, int64 [1]. */
  readonly batch: Value;
}

/** The result of a closed loop, in scaled units. */
export interface LoopEnd {
  /** Time-major, [samples, batch, outputs]. */
  readonly y: Value;
  /** After the last fed value. */
  readonly states: readonly RecurrentStates[];
}

export type ClosedLoop = (builder: GraphBuilder, start: LoopStart) => LoopEnd;

/** The states of all layers in one list: h, then c for an LSTM. */
export function listStates(states: readonly RecurrentStates[]): Value[] {
  return states.flatMap(({ h, c }) => (c === undefined ? [h] : [h, c]));
}

/** The inverse of `listStates`. */
export function statesOfList(values: readonly Value[], like: readonly RecurrentStates[]): RecurrentStates[] {
  let next = 0;
  return like.map(({ c }) =>
    c === undefined ? { h: values[next++] } : { h: values[next++], c: values[next++] },
  );
}

/**
 * The number of samples that a loop with lag 1 feeds: one less than it generates, since the prompt's last output is the first value.
 *
 * @param samples to generate, int64 [1]
 * @returns `fed` int64 [1], and whether it is positive, bool [1]: a Scan cannot run over zero entries
 */
export function fedCount(builder: GraphBuilder, samples: Value): { fed: Value; more: Value } {
  const fed = builder.single('loop/fed', 'Sub', [samples, builder.integers([1])], {
    shape: [1],
    type: 'int64',
  });
  const more = builder.single('loop/more', 'Greater', [fed, builder.integers([0])], {
    shape: [1],
    type: 'bool',
  });
  return { fed, more };
}

/**
 * The last samples of a sequence. Uses Gather, which fails for a sequence that is too short, where Slice would return fewer.
 *
 * @param count number of samples
 */
export function lastSamples(builder: GraphBuilder, name: string, sequence: Value, count: number): Value {
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

/**
 * A Scan whose body consists of matrix products and takes states as rows [batch, units], without the directions axis of ONNX's
 * recurrent operators.
 *
 * @param start [1, batch, units] each, like the returned states
 * @param ticks scanned sequence, one entry per pass
 * @param pass  adds the nodes of one pass; its states are rows
 * @returns the outputs of all passes on a new first axis, and the final states
 */
export function scanRows(
  builder: GraphBuilder,
  start: readonly RecurrentStates[],
  ticks: Value,
  pass: (inner: GraphBuilder, rows: readonly Value[]) => { states: RecurrentStates[]; output: Value },
): { outputs: Value; states: RecurrentStates[] } {
  const zero = builder.integers([0]);
  const rows = listStates(start).map((state, index) =>
    builder.single(`loop/row:${index}`, 'Squeeze', [state, zero], { shape: state.shape.slice(1) }),
  );
  const run = emitScan(builder, 'loop/scan', rows, ticks, (inner, values) => {
    const { states, output } = pass(inner, values);
    return { states: listStates(states), output };
  });
  const states = run.states.map((row, index) =>
    builder.single(`loop/state:${index}`, 'Unsqueeze', [row, zero], { shape: [1, ...row.shape] }),
  );
  return { outputs: run.outputs, states: statesOfList(states, start) };
}
