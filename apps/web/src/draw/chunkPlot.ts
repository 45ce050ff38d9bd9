import { across, drawAxes, upward } from './axes.ts';
import type { Frame } from './axes.ts';
import { linePath } from './linePath.ts';
import type { Point } from './linePath.ts';
import { paddedRange, place, ticks } from './scale.ts';
import type { Scale } from './scale.ts';
import { setAttributes, svg } from './svg.ts';

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
