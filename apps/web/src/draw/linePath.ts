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
