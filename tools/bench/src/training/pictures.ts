import * as Plot from '@observablehq/plot';
import type { BenchResult } from '../bench.ts';
import { drawSvg } from '../report/drawSvg.ts';
import { figure } from '../report/figures.ts';
import { spread } from '../statistics.ts';
import type { Sweep } from './scaling.ts';
import { sizeOf } from './scaling.ts';
import type { TimedWork } from './tables.ts';

/** Ours warm and dark, the others' cool. */
const colours: Record<string, string> = {
  'onda-native': '#c2410c',
  'onda-portable': '#f59e0b',
  pytorch: '#2b6cb0',
  'pytorch-fused': '#63b3ed',
  'tfjs-node-layers': '#8a8f98',
};

interface Mark {
  work: string;
  system: string;
  median: number;
  min: number;
  max: number;
}

/** A line of dots for each work and system: the median on a logarithmic axis, from the least to the greatest round. */
export function timesPicture(timed: readonly TimedWork[]): BenchResult['picture'] {
  const marks = marksOf(timed);
  if (marks.length === 0) return null;
  const works = new Set(marks.map(({ work }) => work));
  return {
    alt: 'Milliseconds a training step by work and system; the line reaches from the quickest to the slowest round',
    svg: drawSvg({
      width: 820,
      height: 70 + 24 * marks.length,
      marginLeft: 118,
      marginRight: 124,
      marginBottom: 44,
      x: {
        type: 'log',
        label: 'milliseconds a training step',
        labelAnchor: 'center',
        labelArrow: 'none',
        grid: true,
        insetLeft: 8,
        // Room for the figure beside the last dot.
        insetRight: 56,
      },
      y: { label: null, domain: [...new Set(marks.map(({ system }) => system))] },
      fy: { label: null, domain: [...works], padding: 0.15 },
      marks: [
        Plot.ruleY(marks, {
          fy: 'work',
          y: 'system',
          x1: 'min',
          x2: 'max',
          stroke: colourOf,
          strokeWidth: 3,
          strokeOpacity: 0.35,
        }),
        Plot.dot(marks, { fy: 'work', y: 'system', x: 'median', fill: colourOf, r: 4.5 }),
        Plot.text(marks, {
          fy: 'work',
          y: 'system',
          x: 'max',
          text: ({ median }: Mark) => figure(median),
          textAnchor: 'start',
          dx: 9,
        }),
      ],
    }),
  };
}

/** Median against each size in turn, both axes logarithmic. */
export function scalingPicture(
  sweeps: readonly Sweep[],
  timed: readonly TimedWork[],
): BenchResult['picture'] {
  const marks = new Map(timed.map((one) => [one.name, marksOf([one])]));
  const points = sweeps.flatMap(({ size, works }) =>
    works.flatMap((work) =>
      (marks.get(work.name) ?? []).map((mark) => ({ ...mark, size, value: sizeOf(work, size) })),
    ),
  );
  if (points.length === 0) return null;
  // The lines are named once, where the last of them end.
  const last = sweeps[sweeps.length - 1].size;
  const ends = [...new Set(points.map(({ system }) => system))].flatMap((system) =>
    points.filter((point) => point.size === last && point.system === system).slice(-1),
  );
  return {
    alt: 'Milliseconds a training step as units, batch and samples grow',
    svg: drawSvg({
      width: 900,
      height: 340,
      marginLeft: 56,
      marginTop: 40,
      marginRight: 96,
      marginBottom: 40,
      x: { type: 'log', label: null, ticks: 4, tickFormat: (value: number) => String(value) },
      y: { type: 'log', label: 'milliseconds a training step', labelArrow: 'none', grid: true },
      fx: { label: null, domain: sweeps.map(({ size }) => size), padding: 0.08 },
      marks: [
        Plot.frame({ stroke: '#cbd2d9' }),
        Plot.line(points, { fx: 'size', x: 'value', y: 'median', z: 'system', stroke: colourOf }),
        Plot.dot(points, { fx: 'size', x: 'value', y: 'median', fill: colourOf, r: 3 }),
        Plot.text(ends, {
          fx: 'size',
          x: 'value',
          y: 'median',
          text: 'system',
          fill: colourOf,
          textAnchor: 'start',
          dx: 8,
        }),
      ],
    }),
  };
}

function colourOf({ system }: Mark): string {
  return colours[system] ?? '#1f2933';
}

function marksOf(timed: readonly TimedWork[]): Mark[] {
  return timed
    .filter(({ unit }) => unit === 'ms')
    .flatMap(({ name, times }) =>
      [...times].map(([system, values]) => ({ work: name, system, ...spread(values) })),
    );
}
