import { emitIf } from '../../graph/emitIf.ts';
import { emitScan } from '../../graph/emitScan.ts';
import type { GraphBuilder } from '../../graph/graphBuilder.ts';
import type { Value } from '../../graph/value.ts';
import { toTheEnd } from '../../graph/toTheEnd.ts';
import { lastOf } from '../lastOf.ts';
import { asSequence, joinSamples, onlySample, samplesOf } from './loopParts.ts';
import type { ModelRun } from './modelPass.ts';

/** What a loop over a model starts from. */
export interface AnyLoopStart {
  readonly lag: number;
  /** How many values are wanted, int64 [1]. */
  readonly samples: Value;
  /** Draws of all samples, the lag at least, [samples, batch, width]; null where nothing is drawn. */
  readonly entries: Value | null;
  /** Adds a pass of the model. */
  readonly pass: (builder: GraphBuilder, x: Value, states: readonly Value[]) => ModelRun;
  /** Makes outputs the values that are fed back, batch-major both. */
  readonly head: (builder: GraphBuilder, raw: Value, entry: Value | null) => Value;
}

/**
 * The closed loop of a model that goes on from its states: a Scan that feeds one sample a pass. The prompt's last `lag` outputs are the
 * first values, and wait to be fed.
 *
 * @param prompt the pass over the prompt
 * @returns y [batch, samples, ...], and the states after the last value that was fed
 */
export function streamLoop(
  builder: GraphBuilder,
  start: AnyLoopStart,
  prompt: ModelRun,
): { y: Value; states: readonly Value[] } {
  const { lag, samples, entries, head } = start;
  const drawn = entries && builder.inLayout({ ...entries, timeMajor: true }, false);
  const now = drawn && samplesOf(builder, 'loop/first_draws', drawn, [0, lag], lag);
  const queue = head(builder, lastOf(builder, 'loop/last', prompt.raw, lag), now);
  const int64 = { shape: [1], type: 'int64' as const };
  const fed = builder.single('loop/fed', 'Sub', [samples, builder.integers([lag])], int64);
  const more = builder.single('loop/more', 'Greater', [fed, builder.integers([0])], {
    shape: [1],
    type: 'bool',
  });
  const [all, ...states] = emitIf(
    builder,
    'loop',
    more,
    (inner) => {
      const run = runStream(inner, start, prompt, fed, queue);
      return [joinSamples(inner, 'loop/all', [queue, run.y], 'known'), ...run.states];
    },
    () => [queue, ...prompt.states],
  );
  // Fewer samples than the lag leave some of the queue unasked for.
  return { y: samplesOf(builder, 'loop/y', all, [0, samples], 'samples'), states };
}

function runStream(
  builder: GraphBuilder,
  { lag, entries, pass, head }: AnyLoopStart,
  prompt: ModelRun,
  fed: Value,
  queue: Value,
): { y: Value; states: readonly Value[] } {
  const ticks = entries ?? builder.single('loop/ticks', 'ConstantOfShape', [fed], { shape: ['fed'] });
  const walked = entries === null ? ticks : later(builder, entries, lag);
  const run = emitScan(builder, 'loop/scan', [queue, ...prompt.states], walked, (inner, values, entry) => {
    inner.holdConstants();
    const [known, ...states] = values;
    const x = lag === 1 ? known : samplesOf(inner, 'loop/x', known, [0, 1], 1);
    const next = pass(inner, x, states);
    const y = head(inner, next.raw, entries && asSequence(inner, entry));
    const output = onlySample(inner, 'loop/value', y);
    if (lag === 1) return { states: [y, ...next.states], output };
    const rest = samplesOf(inner, 'loop/rest', known, [1, Infinity], lag - 1);
    return { states: [joinSamples(inner, 'loop/next', [rest, y], lag), ...next.states], output };
  });
  const [, ...states] = run.states;
  return { y: builder.inLayout({ ...run.outputs, timeMajor: true }, false), states };
}

/** Draws of the samples that come after the first `lag`. */
function later(builder: GraphBuilder, entries: Value, lag: number): Value {
  const [, ...rest] = entries.shape;
  const inputs = [entries, builder.integers([lag]), builder.integers([toTheEnd]), builder.integers([0])];
  return builder.single('loop/later_draws', 'Slice', inputs, { shape: ['fed', ...rest] });
}
