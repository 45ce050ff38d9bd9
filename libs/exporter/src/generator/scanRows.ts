import { emitScan } from '../graph/emitScan.ts';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import type { Value } from '../graph/value.ts';
import type { RecurrentStates } from '../recurrent/emitRecurrent.ts';
import { listStates, statesOfList } from './loopStates.ts';

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
