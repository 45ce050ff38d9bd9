import { place, ticks } from './scale.ts';
import type { Scale } from './scale.ts';
import { svg } from './svg.ts';
import { smallText } from './text.ts';

/** Size of a picture and the room that its labels take, in CSS pixels. */
export interface Frame {
  width: number;
  height: number;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Range of the picture inside its labels, from left to right. */
export function across({ width, left, right }: Frame): [number, number] {
  return [left, width - right];
}

/** Range of the picture inside its labels, from bottom to top: larger values are higher. */
export function upward({ height, top, bottom }: Frame): [number, number] {
  return [height - bottom, top];
}

/**
 * Draws grid lines and their labels into a group, in place of what it held.
 *
 * @param xs     positions along time that get a label
 * @param labels where the labels of the values are: before their lines, ending at a place, or on them, from a place on;
 *   before the left edge when left out
 */
export function drawAxes(
  group: SVGGElement,
  frame: Frame,
  x: Scale,
  y: Scale,
  xs: readonly number[],
  labels: { before: number } | { on: number } = { before: frame.left - 10 },
): void {
  const [left, right] = across(frame);
  const [kind, labelX, lift] =
    'on' in labels ? ['tick y-tick on', labels.on, -8] : ['tick y-tick', labels.before, 0];
  const lineFrom = 'on' in labels ? left : labels.before + 10;
  const parts: SVGElement[] = [];
  for (const value of ticks(y.from, Math.max(2, Math.round((y.to[0] - y.to[1]) / 64)))) {
    const at = place(y, value);
    parts.push(
      svg('line', { class: value === 0 ? 'grid zero' : 'grid', x1: lineFrom, x2: right, y1: at, y2: at }),
      svg(
        'text',
        { class: kind, x: labelX, y: at + lift, 'data-value': value, 'data-at': at },
        smallText(value),
      ),
    );
  }
  group.replaceChildren(...parts, ...drawTimes(frame, x, xs));
}

/** Labels of positions along time, under the picture. */
export function drawTimes(frame: Frame, x: Scale, xs: readonly number[]): SVGElement[] {
  const [left, right] = across(frame);
  const y = frame.height - frame.bottom + 22;
  return xs
    .map((value) => [value, place(x, value)] as const)
    .filter(([, at]) => at >= left - 1 && at <= right + 1)
    .map(([value, at]) => svg('text', { class: 'tick x-tick', x: at, y }, String(value)));
}

/** Whole positions along time to label, at most one each `pixels`. */
export function timeTicks(x: Scale, pixels: number): number[] {
  const count = Math.max(1, Math.floor((x.to[1] - x.to[0]) / pixels));
  return ticks(x.from, count).filter((value) => Number.isInteger(value) && value >= 0);
}
