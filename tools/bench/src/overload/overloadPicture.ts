import * as Plot from '@observablehq/plot';
import type { BenchResult } from '../bench.ts';
import { stretchOf } from '../rates/timedAnswers.ts';
import type { TimedAnswers } from '../rates/timedAnswers.ts';
import { drawSvg, stackSvg } from '../report/drawSvg.ts';

const part = { width: 860, height: 240, marginLeft: 60, marginTop: 36 };
/** Of the drawings of one transport. */
export const pictureSize = { width: part.width, height: part.height * 2 };

const colours = { answered: '#2f855a', refused: '#c2410c', p99: '#2b6cb0' };

/** Answers and refusals of each second above, the p99 of the answers below. */
export function overloadPicture(
  loads: readonly TimedAnswers[],
  transport: string,
  startMs: number,
  seconds: number,
): NonNullable<BenchResult['picture']> {
  const each = Array.from({ length: Math.floor(seconds) }, (_, second) => ({
    second,
    ...stretchOf(loads, startMs + second * 1000, startMs + (second + 1) * 1000),
  }));
  const x = { label: 'seconds', labelAnchor: 'center' as const };
  const counts = drawSvg({
    ...part,
    x,
    y: { label: `${transport}, requests a second: answered (green), refused (red)`, zero: true, grid: true },
    marks: (['answered', 'refused'] as const).map((key) =>
      Plot.lineY(each, { x: 'second', y: key, stroke: colours[key], strokeWidth: 2 }),
    ),
  });
  const times = drawSvg({
    ...part,
    x,
    y: { label: `${transport}, p99 of the answered, milliseconds`, zero: true, grid: true },
    marks: [Plot.lineY(each, { x: 'second', y: 'p99', stroke: colours.p99, strokeWidth: 2 })],
  });
  return {
    alt: `${transport}: requests answered and refused in each second, and the p99 of those answered, before, during and after three times the top rate`,
    svg: stackSvg([counts, times], part),
  };
}
