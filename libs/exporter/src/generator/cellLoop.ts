import { axis } from '../graph/axis.ts';
import { emitIf } from '../graph/emitIf.ts';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import type { Value } from '../graph/value.ts';
import { emitReadout } from '../net/emitNet.ts';
import type { RecurrentStates } from '../recurrent/emitRecurrent.ts';
import { closedCell } from './closedCell.ts';
import type { ClosedLoop, LoopStart } from './closedLoop.ts';
import { fedSamples } from './fedSamples.ts';
import { listStates, statesOfList } from './loopStates.ts';
import { scanRows } from './scanRows.ts';

/**
 * The closed loop of a one-layer net with lag 1: a Scan whose body is the cell spelled out. Each pass reads out the h that it starts
 * from: only the values are kept of each sample, where keeping h took a third of the time for large batches.
 */
export const cellLoop: ClosedLoop = (builder, start) => {
  const { net, constants, prompt, samples } = start;
  const { fed, more } = fedSamples(builder, samples);
  const readout = (inner: GraphBuilder, h: Value): Value =>
    emitReadout(inner, net, constants, 'loop/last/', { ...h, timeMajor: true });
  const [y, ...states] = emitIf(
    builder,
    'loop',
    more,
    (inner) => {
      const run = runScan(inner, start, fed);
      const shape = ['samples', 'batch', net.spec.outputs];
      const last = readout(inner, run.states[0].h);
      const all = inner.single('loop/all', 'Concat', [run.y, last], { shape, timeMajor: true }, axis(0));
      return [all, ...listStates(run.states)];
    },
    (inner) => {
      const zero = inner.integers([0]);
      const few = { shape: ['few', 'batch', net.spec.outputs], timeMajor: true };
      const first = readout(inner, prompt.states[0].h);
      const wanted = inner.single('loop/wanted', 'Slice', [first, zero, samples, zero], few);
      return [wanted, ...listStates(prompt.states)];
    },
  );
  return { y, states: statesOfList(states, prompt.states) };
};

/** The Scan, with the values read out before each sample that is fed, [fed, batch, outputs]. */
function runScan(
  builder: GraphBuilder,
  { net, prompt }: LoopStart,
  fed: Value,
): { y: Value; states: RecurrentStates[] } {
  const ticks = builder.single('loop/ticks', 'ConstantOfShape', [fed], { shape: ['fed'] });
  const { outputs: all, states } = scanRows(builder, prompt.states, ticks, (inner, rows) => {
    const [before] = statesOfList(rows, prompt.states);
    const next = closedCell(inner, net.layers[0], net.readout, before);
    return { states: [next.states], output: next.y };
  });
  const read = { ...all, timeMajor: true };
  const { outputs } = net.spec;
  const y =
    read.shape[2] === outputs
      ? read
      : builder.single(
          'loop/read',
          'Slice',
          [read, builder.integers([0]), builder.integers([outputs]), builder.integers([2])],
          {
            shape: ['fed', 'batch', outputs],
            timeMajor: true,
          },
        );
  return { y, states };
}
