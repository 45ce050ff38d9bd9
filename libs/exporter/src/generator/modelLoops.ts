import type { GraphBuilder } from '../graph/graphBuilder.ts';
import { INT_MAX_SLICE_END, axis } from '../graph/ops.ts';
import { emitIf, emitScan } from '../graph/subgraphs.ts';
import type { Dim, Value } from '../graph/value.ts';
import { lastSamples } from './closedLoop.ts';

/** The result of one pass. */
export interface ModelRun {
  /** [batch, time, outputs]; time is 1 for a window and for a model that outputs the last sample alone. */
  readonly raw: Value;
  /** Each [1, batch, units]. */
  readonly states: readonly Value[];
}

/** The start of a closed loop over a model. */
export interface ModelLoopStart {
  readonly lag: number;
  /** Number of values to generate, int64 [1]. */
  readonly samples: Value;
  /** Draws of all samples, at least `lag`, [samples, batch, width]; null without sampling. */
  readonly entries: Value | null;
  /** Adds a pass of the model. */
  readonly pass: (builder: GraphBuilder, x: Value, states: readonly Value[]) => ModelRun;
  /** Turns outputs into the values that are fed back, batch-major both. */
  readonly head: (builder: GraphBuilder, raw: Value, entry: Value | null) => Value;
}

/**
 * The closed loop of a model that continues from its states: a Scan that feeds one sample a pass. The prompt's last `lag` outputs are the
 * first values and form the queue of inputs.
 *
 * @param prompt the run over the prompt
 * @returns y [batch, samples, ...], and the states after the last fed value
 */
export function streamLoop(
  builder: GraphBuilder,
  start: ModelLoopStart,
  prompt: ModelRun,
): { y: Value; states: readonly Value[] } {
  const { lag, samples, entries, head } = start;
  const drawn = entries && builder.inLayout({ ...entries, timeMajor: true }, false);
  const now = drawn && samplesOf(builder, 'loop/first_draws', drawn, [0, lag], lag);
  const queue = head(builder, lastSamples(builder, 'loop/last', prompt.raw, lag), now);
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
  // With fewer samples than the lag only a part of the queue is returned.
  return { y: samplesOf(builder, 'loop/y', all, [0, samples], 'samples'), states };
}

function runStream(
  builder: GraphBuilder,
  { lag, entries, pass, head }: ModelLoopStart,
  prompt: ModelRun,
  fed: Value,
  queue: Value,
): { y: Value; states: readonly Value[] } {
  const ticks = entries ?? builder.single('loop/ticks', 'ConstantOfShape', [fed], { shape: ['fed'] });
  const entriesToScan = entries === null ? ticks : drawsAfterLag(builder, entries, lag);
  const run = emitScan(
    builder,
    'loop/scan',
    [queue, ...prompt.states],
    entriesToScan,
    (inner, values, entry) => {
      inner.holdConstants();
      const [known, ...states] = values;
      const x = lag === 1 ? known : samplesOf(inner, 'loop/x', known, [0, 1], 1);
      const next = pass(inner, x, states);
      const y = head(inner, next.raw, entries && asSequence(inner, entry));
      const output = onlySample(inner, 'loop/value', y);
      if (lag === 1) return { states: [y, ...next.states], output };
      const rest = samplesOf(inner, 'loop/rest', known, [1, Infinity], lag - 1);
      return { states: [joinSamples(inner, 'loop/next', [rest, y], lag), ...next.states], output };
    },
  );
  const [, ...states] = run.states;
  return { y: builder.inLayout({ ...run.outputs, timeMajor: true }, false), states };
}

/** Draws of the samples after the first `lag`. */
function drawsAfterLag(builder: GraphBuilder, entries: Value, lag: number): Value {
  const [, ...rest] = entries.shape;
  const inputs = [
    entries,
    builder.integers([lag]),
    builder.integers([INT_MAX_SLICE_END]),
    builder.integers([0]),
  ];
  return builder.single('loop/later_draws', 'Slice', inputs, { shape: ['fed', ...rest] });
}

/**
 * The closed loop of a model with a window: a Scan that runs the whole model for each sample and keeps the last `window + lag - 1` values.
 * The model sees the first `window` of them: its output is `lag` samples after their last.
 *
 * @param x the prompt, batch-major, at least `window + lag - 1` samples
 * @returns y [batch, samples, ...]
 */
export function windowLoop(builder: GraphBuilder, start: ModelLoopStart, window: number, x: Value): Value {
  const { lag, samples, entries, pass, head } = start;
  const kept = window + lag - 1;
  const first = lastSamples(builder, 'loop/window', x, kept);
  const zero = builder.integers([0]);
  const more = builder.single('loop/more', 'Greater', [samples, zero], { shape: [1], type: 'bool' });
  const [y] = emitIf(
    builder,
    'loop',
    more,
    (outer) => {
      const ticks =
        entries ?? outer.single('loop/ticks', 'ConstantOfShape', [samples], { shape: ['samples'] });
      const run = emitScan(outer, 'loop/scan', [first], ticks, (inner, [known], entry) => {
        const seen = lag === 1 ? known : samplesOf(inner, 'loop/seen', known, [0, window], window);
        const { raw } = pass(inner, seen, []);
        const last = raw.shape[1] === 1 ? raw : lastSamples(inner, 'loop/last', raw, 1);
        const next = head(inner, last, entries && asSequence(inner, entry));
        const rest = samplesOf(inner, 'loop/rest', known, [1, Infinity], kept - 1);
        const states = [kept === 1 ? next : joinSamples(inner, 'loop/next', [rest, next], kept)];
        return { states, output: onlySample(inner, 'loop/value', next) };
      });
      return [outer.inLayout({ ...run.outputs, timeMajor: true }, false)];
    },
    (outer) => [samplesOf(outer, 'loop/none', first, [0, samples], 'samples')],
  );
  return y;
}

/** Samples [from, to) of a batch-major sequence. */
function samplesOf(
  builder: GraphBuilder,
  name: string,
  sequence: Value,
  [from, to]: readonly [number, number | Value],
  time: Dim,
): Value {
  const [batch, , ...rest] = sequence.shape;
  const end = typeof to === 'number' ? builder.integers([Math.min(to, INT_MAX_SLICE_END)]) : to;
  const inputs = [sequence, builder.integers([from]), end, builder.integers([1])];
  return builder.single(name, 'Slice', inputs, { shape: [batch, time, ...rest], type: sequence.type });
}

/** Concatenates sequences along time. */
function joinSamples(builder: GraphBuilder, name: string, parts: readonly Value[], time: Dim): Value {
  const [{ shape, type }] = parts;
  const [batch, , ...rest] = shape;
  return builder.single(name, 'Concat', parts, { shape: [batch, time, ...rest], type }, axis(1));
}

/** The only sample of a sequence: [batch, 1, ...] ---> [batch, ...]. */
function onlySample(builder: GraphBuilder, name: string, sequence: Value): Value {
  const [batch, , ...rest] = sequence.shape;
  return builder.single(name, 'Squeeze', [sequence, builder.integers([1])], {
    shape: [batch, ...rest],
    type: sequence.type,
  });
}

/** The draws of one sample as a sequence: [batch, width] ---> [batch, 1, width]. */
function asSequence(builder: GraphBuilder, entry: Value): Value {
  const [batch, width] = entry.shape;
  return builder.single('loop/draws', 'Unsqueeze', [entry, builder.integers([1])], {
    shape: [batch, 1, width],
  });
}
