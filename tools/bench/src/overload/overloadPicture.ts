import * as Plot from '@observablehq/plot';
import type { BenchResult } from '../bench.ts';
import { stretchOf } from '../rates/timedAnswers.ts';
import type { TimedAnswers } from '../rates/timedAnswers.ts';
import { drawSvg, stackSvg } from '../report/drawSvg.ts';

const size = { width: 860, height: 240, marginLeft: 60, marginTop: 36 };
const colours = { answered: '#2f855a', refused: '#c2410c', p99: '#2b6cb0' };

/** Answers and refusals of each second above, the p99 of the answers below. */
export function overloadPicture(
  loads: readonly TimedAnswers[],
  startMs: number,
  seconds: number,
): BenchResult['picture'] {
  const each = Array.from({ length: Math.floor(seconds) }, (_, second) => ({
    second,
    ...stretchOf(loads, startMs + second * 1000, startMs + (second + 1) * 1000),
  }));
  const x = { label: 'seconds', labelAnchor: 'center' as const };
  const counts = drawSvg({
    ...size,
    x,
    y: { label: 'requests a second: answered (green), refused (red)', zero: true, grid: true },
    marks: (['answered', 'refused'] as const).map((key) =>
      Plot.lineY(each, { x: 'second', y: key, stroke: colours[key], strokeWidth: 2 }),
    ),
  });
  const times = drawSvg({
    ...size,
    x,
    y: { label: 'p99 of the answered, milliseconds', zero: true, grid: true },
    marks: [Plot.lineY(each, { x: 'second', y: 'p99', stroke: colours.p99, strokeWidth: 2 })],
  });
  return {
    alt: 'Requests answered and refused in each second, and the p99 of those answered, before, during and after three times the top rate',
    svg: stackSvg([counts, times], size),
  };
}
