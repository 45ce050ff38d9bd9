import { axis } from '../graph/axis.ts';
import { emitIf } from '../graph/emitIf.ts';
import { emitScan } from '../graph/emitScan.ts';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import type { Value } from '../graph/value.ts';
import { emitReadout } from '../net/emitNet.ts';
import type { RecurrentStates } from '../recurrent/emitRecurrent.ts';
import type { ClosedLoop, LoopStart } from './closedLoop.ts';
import { fedSamples } from './fedSamples.ts';
import { listStates, statesOfList } from './loopStates.ts';
import { gemmPass } from './gemmPass.ts';
import { nodePass } from './nodePass.ts';
import { scanRows } from './scanRows.ts';

/**
 * The closed loop of stacked layers with lag 1: a Scan that runs the net once a sample. The read-out of the values that are put out comes
 * after it, for all samples at once.
 */
export const scanLoop: ClosedLoop = (builder, start) => {
  const { net, constants, prompt, samples } = start;
  const { fed, more } = fedSamples(builder, samples);
  const first = prompt.states[prompt.states.length - 1].h;
  const results = emitIf(
    builder,
    'loop',
    more,
    (inner) => {
      const { h, states } = runScan(inner, start, fed);
      const shape = ['samples', 'batch', net.spec.units];
      const all = inner.single('loop/h', 'Concat', [first, h], { shape, timeMajor: true }, axis(0));
      return [all, ...listStates(states)];
    },
    (inner) => {
      const zero = inner.integers([0]);
      const few = { shape: ['few', 'batch', net.spec.units], timeMajor: true };
      const wanted = inner.single('loop/wanted', 'Slice', [first, zero, samples, zero], few);
      return [wanted, ...listStates(prompt.states)];
    },
  );
  const [h, ...states] = results;
  return { y: emitReadout(builder, net, constants, '', h), states: statesOfList(states, prompt.states) };
};

/** The Scan, with h of the last layer for each sample that is fed, [fed, batch, units]. */
function runScan(
  builder: GraphBuilder,
  { net, prompt }: LoopStart,
  fed: Value,
): { h: Value; states: RecurrentStates[] } {
  const ticks = builder.single('loop/ticks', 'ConstantOfShape', [fed], { shape: ['fed'] });
  // A cell of rnn is a product or two and its activation: faster without a node of its own.
  if (net.spec.cell !== 'rnn') {
    const run = emitScan(builder, 'loop/scan', listStates(prompt.states), ticks, (inner, values) => {
      const next = nodePass(inner, net, statesOfList(values, prompt.states));
      return { states: listStates(next), output: next[next.length - 1].h };
    });
    const { shape } = run.outputs;
    const h = builder.single('loop/squeeze', 'Squeeze', [run.outputs, builder.integers([1])], {
      shape: [shape[0], ...shape.slice(2)],
    });
    return { h, states: statesOfList(run.states, prompt.states) };
  }
  const { outputs, states } = scanRows(builder, prompt.states, ticks, (inner, rows) => {
    const next = gemmPass(inner, net, rows).map((h) => ({ h }));
    return { states: next, output: next[next.length - 1].h };
  });
  return { h: outputs, states };
}
