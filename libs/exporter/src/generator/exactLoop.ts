import type { Scaler } from '@onda/contract';
import type { GraphBuilder } from '../graph/graphBuilder.ts';
import { INT_MAX_SLICE_END, axis } from '../graph/ops.ts';
import { emitIf, emitScan } from '../graph/subgraphs.ts';
import type { Value } from '../graph/value.ts';
import { emitReadout, emitStack, netConstants } from '../model/netGraph.ts';
import { emitScale, emitUnscale } from '../model/scaling.ts';
import type { LoopEnd, LoopStart } from './closedLoop.ts';
import { lastSamples, listStates, statesOfList } from './closedLoop.ts';

/**
 * The closed loop with model.onnx's own nodes, one sample at a time, for any net and lag. Every sample is scaled back to data units and
 * into scaled units again, so it rounds exactly like a loop over model.onnx and gives the same bits. The folded forms round elsewhere: 1e-6 in
 * scaled units, but scaled data may be in the hundreds, where 1e-5 is one float32 ulp.
 *
 * Node order and Transposes are those of model.onnx: ONNX Runtime rewrites graphs before it selects kernels, and only equal
 * graphs are sure to get equal kernels.
 *
 * @returns `y` in data units, [batch, samples, outputs]
 */
export function exactLoop(builder: GraphBuilder, start: LoopStart, scaler: Scaler): LoopEnd {
  const { net, constants, lag, prompt, samples } = start;
  const outputs = net.spec.outputs;
  const known = emitUnscale(builder, emitReadout(builder, net, constants, '', prompt.y), scaler);
  const time = builder.integers([1]);
  const queue = lastSamples(builder, 'loop/queue', builder.inLayout(known, false), lag);
  const fed = builder.single('loop/fed', 'Sub', [samples, builder.integers([lag])], {
    shape: [1],
    type: 'int64',
  });
  const more = builder.single('loop/more', 'Greater', [fed, builder.integers([0])], {
    shape: [1],
    type: 'bool',
  });
  const [all, ...states] = emitIf(
    builder,
    'loop',
    more,
    (inner) => {
      const run = runSamples(inner, start, scaler, fed, queue);
      const shape = ['batch', 'samples', outputs];
      return [
        inner.single('loop/all', 'Concat', [queue, run.y], { shape }, axis(1)),
        ...listStates(run.states),
      ];
    },
    () => [queue, ...listStates(prompt.states)],
  );
  // With fewer samples than the lag only a part of the queue is returned.
  const y = builder.single('loop/y', 'Slice', [all, builder.integers([0]), samples, time], {
    shape: ['batch', 'samples', outputs],
  });
  return { y, states: statesOfList(states, prompt.states) };
}

/** The Scan, one sample a pass; `y` [batch, fed, outputs]. */
function runSamples(
  builder: GraphBuilder,
  { net, lag, prompt }: LoopStart,
  scaler: Scaler,
  fed: Value,
  queue: Value,
): LoopEnd {
  const { outputs } = net.spec;
  const ticks = builder.single('loop/ticks', 'ConstantOfShape', [fed], { shape: ['fed'] });
  const run = emitScan(
    builder,
    'loop/scan',
    [queue, ...listStates(prompt.states)],
    ticks,
    (inner, values) => {
      const [known, ...states] = values;
      const [zero, one, end] = [
        inner.integers([0]),
        inner.integers([1]),
        inner.integers([INT_MAX_SLICE_END]),
      ];
      const x =
        lag === 1
          ? known
          : inner.single('loop/x', 'Slice', [known, zero, one, one], { shape: ['batch', 1, outputs] });
      // ONNX Runtime prepacks initializers of the same graph, not of graphs two levels out, and packed products round differently.
      const own = netConstants({ constant: (tensor) => inner.ownConstant(tensor) }, net);
      const scaled = inner.inLayout(emitScale(inner, x, scaler), true);
      const pass = emitStack(inner, net, own, 'loop/', scaled, statesOfList(states, prompt.states));
      const unscaled = emitUnscale(inner, emitReadout(inner, net, own, 'loop/', pass.y), scaler);
      const y = inner.inLayout(unscaled, false);
      const output = inner.single('loop/value', 'Squeeze', [y, one], { shape: ['batch', outputs] });
      if (lag === 1) return { states: [y, ...listStates(pass.states)], output };
      const rest = inner.single('loop/rest', 'Slice', [known, one, end, one], {
        shape: ['batch', lag - 1, outputs],
      });
      const next = inner.single('loop/next', 'Concat', [rest, y], known, axis(1));
      return { states: [next, ...listStates(pass.states)], output };
    },
  );
  const stacked = { ...run.outputs, timeMajor: true };
  const [, ...states] = run.states;
  return { y: builder.inLayout(stacked, false), states: statesOfList(states, prompt.states) };
}
