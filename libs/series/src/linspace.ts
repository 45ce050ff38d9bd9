/**
 * Evenly spaced points, the first `start` and the last `stop`, rounded as `numpy.linspace` rounds them.
 *
 * @param count at least 2
 * @returns float64, shape [count]
 */
export function linspace(start: number, stop: number, count: number): Float64Array {
  const step = (stop - start) / (count - 1);
  const points = new Float64Array(count);
  for (let index = 0; index < count; index++) points[index] = index * step + start;
  points[count - 1] = stop;
  return points;
}
