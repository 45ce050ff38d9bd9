import { across, drawAxes, upward } from './axes.ts';
import type { Frame } from './axes.ts';
import { linePath, thinned } from './linePath.ts';
import type { Point } from './linePath.ts';
import { place, ticks } from './scale.ts';
import type { Scale } from './scale.ts';
import { setAttributes, svg } from './svg.ts';

/** Height of the picture when all differences are smaller. */
const leastHeight = 0.01;

/**
 * Draws the absolute difference from the truth over the generated samples.
 *
 * @param errors  absolute differences, one a generated sample; NaN where there is no truth
 * @param samples samples that the generation will have: the width of the picture
 */
export function drawErrors(host: SVGSVGElement, errors: readonly number[], samples: number): void {
  const { width, height } = host.getBoundingClientRect();
  const frame: Frame = { width, height, left: 48, right: 14, top: 12, bottom: 32 };
  const worst = errors.reduce((most, error) => (error > most ? error : most), leastHeight);
  const x: Scale = { from: [1, Math.max(2, samples)], to: across(frame) };
  const y: Scale = { from: [0, worst * 1.12], to: upward(frame) };

  const axes = svg('g');
  const times = ticks(x.from, width < 420 ? 3 : 6).filter((tick) => Number.isInteger(tick) && tick > 0);
  drawAxes(axes, frame, x, y, times);
  const most = Math.max(200, Math.round(width) * 2);
  const points: Point[] = thinned(0, errors.length - 1, most, (index) => errors[index])
    .filter((index) => !Number.isNaN(errors[index]))
    .map((index) => [place(x, index + 1), place(y, errors[index])]);
  const base = place(y, 0);
  const area: Point[] =
    points.length > 1 ? [[points[0][0], base], ...points, [points[points.length - 1][0], base]] : [];
  setAttributes(host, { viewBox: `0 0 ${width} ${height}` });
  host.replaceChildren(
    axes,
    svg('path', { class: 'error-area', d: linePath(area) }),
    svg('path', { class: 'line error-line', d: linePath(points) }),
  );
}
