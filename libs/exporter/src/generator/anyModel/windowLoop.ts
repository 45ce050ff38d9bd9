import { emitIf } from '../../graph/emitIf.ts';
import { emitScan } from '../../graph/emitScan.ts';
import type { GraphBuilder } from '../../graph/graphBuilder.ts';
import type { Value } from '../../graph/value.ts';
import { lastOf } from '../lastOf.ts';
import { asSequence, joinSamples, onlySample, samplesOf } from './loopParts.ts';
import type { AnyLoopStart } from './streamLoop.ts';

/**
 * The closed loop of a model that sees a window: a Scan that runs the whole model a sample, and keeps the last `window + lag - 1` values.
 * The first `window` of them are what it sees: its output lies `lag` samples behind their last.
 *
 * @param x the prompt, batch-major, at least `window + lag - 1` samples
 * @returns y [batch, samples, ...]
 */
export function windowLoop(builder: GraphBuilder, start: AnyLoopStart, window: number, x: Value): Value {
  const { lag, samples, entries, pass, head } = start;
  const kept = window + lag - 1;
  const first = lastOf(builder, 'loop/window', x, kept);
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
        const last = raw.shape[1] === 1 ? raw : lastOf(inner, 'loop/last', raw, 1);
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
