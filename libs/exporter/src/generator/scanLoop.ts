import { axis } from '../graph/axis.ts';
import { emitIf } from '../graph/emitIf.ts';
import { emitScan } from '../graph/emitScan.ts';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import type { Value } from '../graph/value.ts';
import { emitReadout } from '../net/emitNet.ts';
import type { RecurrentStates } from '../recurrent/emitRecurrent.ts';
import type { ClosedLoop, LoopStart } from './closedLoop.ts';
import { listStates, statesOfList } from './loopStates.ts';
import { gemmPass } from './gemmPass.ts';
import { nodePass } from './nodePass.ts';

/**
 * The closed loop of any net with lag 1: a Scan that runs the net once a sample. The read-out of the values that are put out comes
 * after it, for all samples at once.
 */
export const scanLoop: ClosedLoop = (builder, start) => {
  const { net, constants, prompt, samples } = start;
  // The prompt's own last output is the first sample, so one less is fed; a Scan cannot run over none.
  const fed = builder.single('loop/fed', 'Sub', [samples, builder.integers([1])], {
    shape: [1],
    type: 'int64',
  });
  const more = builder.single('loop/more', 'Greater', [fed, builder.integers([0])], {
    shape: [1],
    type: 'bool',
  });
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
  const { cell, units } = net.spec;
  const ticks = builder.single('loop/ticks', 'ConstantOfShape', [fed], { shape: ['fed'] });
  if (cell === 'rnn') {
    const zero = builder.integers([0]);
    const rows = prompt.states.map(({ h }, layer) =>
      builder.single(`loop/row:${layer}`, 'Squeeze', [h, zero], { shape: ['batch', units] }),
    );
    const run = emitScan(builder, 'loop/scan', rows, ticks, (inner, states) => {
      const next = gemmPass(inner, net, states);
      return { states: next, output: next[next.length - 1] };
    });
    const states = run.states.map((row, layer) => ({
      h: builder.single(`loop/state:${layer}`, 'Unsqueeze', [row, zero], { shape: [1, 'batch', units] }),
    }));
    return { h: run.outputs, states };
  }
  const run = emitScan(builder, 'loop/scan', listStates(prompt.states), ticks, (inner, values) => {
    const next = nodePass(inner, net, statesOfList(values, prompt.states));
    return { states: listStates(next), output: next[next.length - 1].h };
  });
  const h = builder.single('loop/squeeze', 'Squeeze', [run.outputs, builder.integers([1])], {
    shape: ['fed', 'batch', units],
  });
  return { h, states: statesOfList(run.states, prompt.states) };
}
