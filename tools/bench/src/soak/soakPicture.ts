import * as Plot from '@observablehq/plot';
import type { BenchResult } from '../bench.ts';
import { drawSvg, stackSvg } from '../report/drawSvg.ts';
import type { SoakSlice } from './soakSlices.ts';

const size = { width: 860, height: 240, marginLeft: 60, marginTop: 36 };
const colours = { p99: '#c2410c', p50: '#f59e0b', resident: '#2b6cb0', heap: '#8a8f98' };

/** Times above, memory below, over the minutes. */
export function soakPicture(slices: readonly SoakSlice[]): BenchResult['picture'] {
  const x = { label: 'minutes', labelAnchor: 'center' as const };
  const times = drawSvg({
    ...size,
    x,
    y: { label: 'milliseconds', zero: true, grid: true },
    marks: [...line(slices, 'p99', 'p99', colours.p99), ...line(slices, 'p50', 'p50', colours.p50)],
  });
  const memory = drawSvg({
    ...size,
    x,
    y: { label: 'mebibytes', zero: true, grid: true },
    marks: [
      ...line(slices, 'residentMiB', 'resident', colours.resident),
      ...line(slices, 'heapMiB', 'heap', colours.heap),
    ],
  });
  return {
    alt: 'Times of requests and memory of the service over the minutes of the soak',
    svg: stackSvg([times, memory], size),
  };
}

function line(
  slices: readonly SoakSlice[],
  key: keyof SoakSlice,
  name: string,
  stroke: string,
): Plot.Markish[] {
  const last = slices.slice(-1);
  return [
    Plot.lineY(slices, { x: 'untilMin', y: key, stroke, strokeWidth: 2 }),
    Plot.dot(slices, { x: 'untilMin', y: key, fill: stroke }),
    Plot.text(last, { x: 'untilMin', y: key, text: () => name, fill: stroke, dy: -10, textAnchor: 'end' }),
  ];
}
