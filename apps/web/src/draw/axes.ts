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
 *   default: before the left edge
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

/** Maps values linearly to positions in a picture. */
export interface Scale {
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
}

/** Position of a value. */
export function place({ from, to }: Scale, value: number): number {
  return to[0] + ((value - from[0]) / (from[1] - from[0])) * (to[1] - to[0]);
}

/**
 * Round values (1, 2 or 5 times a power of ten apart) inside a range.
 *
 * @param count about how many
 */
export function ticks([low, high]: readonly [number, number], count: number): number[] {
  const raw = (high - low) / count;
  if (!(raw > 0) || !Number.isFinite(raw)) return [];
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= raw) ?? 10);
  const decimals = Math.max(0, -Math.floor(Math.log10(step)));
  const values: number[] = [];
  for (let index = Math.ceil(low / step - 1e-9); index * step <= high + step * 1e-9; index++) {
    values.push(Number((index * step).toFixed(decimals)));
  }
  return values;
}

/** The range of finite values, widened by a share of itself on both sides; around a single value, one on both sides. */
export function paddedRange(values: Iterable<number>, share: number): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return [-1, 1];
  const padding = high > low ? (high - low) * share : 1;
  return [low - padding, high + padding];
}

const namespace = 'http://www.w3.org/2000/svg';

type Attributes = Record<string, string | number>;

/** Makes an SVG element with attributes and children. */
export function svg<Name extends keyof SVGElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): SVGElementTagNameMap[Name] {
  const element = document.createElementNS(namespace, name);
  setAttributes(element, attributes);
  element.append(...children);
  return element;
}

export function setAttributes(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
}

/** A point of a picture, in CSS pixels. */
export type Point = readonly [x: number, y: number];

const round = (value: number): number => Math.round(value * 100) / 100;

/**
 * Path data of a line through points; a point that is not finite is a gap.
 *
 * @returns the attribute `d` of an SVG path; empty for no points
 */
export function linePath(points: Iterable<Point>): string {
  let path = '';
  let pen = 'M';
  for (const [x, y] of points) {
    if (!Number.isFinite(x) || !Number.isFinite(y)) {
      pen = 'M';
      continue;
    }
    path += `${pen}${round(x)} ${round(y)}`;
    pen = 'L';
  }
  return path;
}

/**
 * Downsamples a long row, so that a path never has more than about `most` points: keeps the samples with the lowest and the highest
 * value of each block, in order.
 *
 * @param at value of a sample
 * @returns samples in rising order
 */
export function thinned(from: number, to: number, most: number, at: (sample: number) => number): number[] {
  const count = to - from + 1;
  if (count <= most) return Array.from({ length: Math.max(0, count) }, (_, index) => from + index);
  const run = Math.ceil((2 * count) / most);
  const samples = [from];
  for (let start = from + 1; start < to; start += run) {
    let low = start;
    let high = start;
    for (let sample = start; sample < Math.min(start + run, to); sample++) {
      if (at(sample) < at(low)) low = sample;
      if (at(sample) > at(high)) high = sample;
    }
    if (low === high) samples.push(low);
    else samples.push(Math.min(low, high), Math.max(low, high));
  }
  samples.push(to);
  return samples;
}
