import type { GraphBuilder } from '../graph/graphBuilder.ts';
import { axis } from '../graph/ops.ts';
import { emitScan } from '../graph/subgraphs.ts';
import type { Value } from '../graph/value.ts';
import type { NetConstants, StackRun } from '../model/netGraph.ts';
import type { Net } from '../model/readNet.ts';
import type { RecurrentStates } from '../recurrent/recurrentNode.ts';

/** What a closed loop starts from. */
export interface LoopStart {
  readonly net: Net;
  readonly constants: NetConstants;
  readonly lag: number;
  /** The net's pass over the prompt. */
  readonly prompt: StackRun;
  /** How many values are wanted, int64 [1]; at least 0. */
  readonly samples: Value;
  /** Size of the batch, int64 [1]. */
  readonly batch: Value;
}

/** What a closed loop gives, in the net's units. */
export interface LoopEnd {
  /** Time-major, [samples, batch, outputs]. */
  readonly y: Value;
  /** After the last value that was fed. */
  readonly states: readonly RecurrentStates[];
}

export type ClosedLoop = (builder: GraphBuilder, start: LoopStart) => LoopEnd;

/** All layers' states in one list: of each h, then c of an lstm. */
export function listStates(states: readonly RecurrentStates[]): Value[] {
  return states.flatMap(({ h, c }) => (c === undefined ? [h] : [h, c]));
}

/** The states of a net from the list that `listStates` makes of them. */
export function statesOfList(values: readonly Value[], like: readonly RecurrentStates[]): RecurrentStates[] {
  let next = 0;
  return like.map(({ c }) =>
    c === undefined ? { h: values[next++] } : { h: values[next++], c: values[next++] },
  );
}

/**
 * How many samples a loop with lag 1 feeds: one less than it puts out, since the prompt's own last output is the first.
 *
 * @param samples wanted, int64 [1]
 * @returns `fed` int64 [1], and whether there is any, bool [1]: a Scan cannot run over none
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
 * The last samples of a sequence. A Gather, not a Slice: from a sequence that is shorter it does not take fewer, the run fails.
 *
 * @param count how many
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
 * The Scan of a loop whose body is spelled out in products, which take states as rows: [batch, units], without the axis of directions
 * that ONNX's recurrent operators give them.
 *
 * @param start [1, batch, units] each, as the states that are returned
 * @param ticks one for each pass
 * @param pass  adds the nodes of one pass; its states are rows
 * @returns the outputs of all passes on a new first axis, and the states after the last
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
