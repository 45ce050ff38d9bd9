import type { Frame, Point, Scale } from './axes.ts';
import {
  across,
  drawAxes,
  linePath,
  paddedRange,
  place,
  setAttributes,
  svg,
  thinned,
  ticks,
  upward,
} from './axes.ts';

/** One feature of a training chunk and its prediction, one value per sample. */
export interface ChunkScene {
  /** First sample of x in its series. */
  start: number;
  x: readonly number[];
  y: readonly number[];
  prediction: readonly number[];
}

/** Draws a chunk: for each sample the input x, the target y and the prediction. */
export function drawChunk(host: SVGSVGElement, scene: ChunkScene): void {
  const { width, height } = host.getBoundingClientRect();
  const frame: Frame = { width, height, left: 44, right: 14, top: 12, bottom: 32 };
  const end = scene.start + Math.max(1, scene.x.length - 1);
  const x: Scale = { from: [scene.start, end], to: across(frame) };
  const y: Scale = {
    from: paddedRange([...scene.x, ...scene.y, ...scene.prediction], 0.12),
    to: upward(frame),
  };
  const points = (values: readonly number[]): Point[] =>
    values.map((value, index) => [place(x, scene.start + index), place(y, value)]);

  const axes = svg('g');
  drawAxes(axes, frame, x, y, ticks(x.from, width < 420 ? 4 : 8).filter(Number.isInteger));
  setAttributes(host, { viewBox: `0 0 ${width} ${height}` });
  host.replaceChildren(
    axes,
    series('y', points(scene.y), 3.6),
    series('x', points(scene.x), 3.6),
    series('prediction', points(scene.prediction), 0),
  );
}

/** A line with a dot at each sample; no dots for radius 0 or where they would touch. */
function series(name: string, points: readonly Point[], radius: number): SVGGElement {
  const group = svg('g', { class: `series ${name}` }, svg('path', { class: 'line', d: linePath(points) }));
  const apart = points.length > 1 ? points[1][0] - points[0][0] : Infinity;
  if (radius === 0 || apart < 3 * radius) return group;
  for (const [cx, cy] of points) group.append(svg('circle', { class: 'dot', cx, cy, r: radius }));
  return group;
}

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
