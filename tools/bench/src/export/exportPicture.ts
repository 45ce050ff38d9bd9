import * as Plot from '@observablehq/plot';
import type { BenchResult } from '../bench.ts';
import { drawSvg } from '../report/drawSvg.ts';
import { figure } from '../report/figures.ts';
import { median } from '../statistics.ts';
import type { ExportSystemName } from './exportSystems.ts';
import type { MeasuredExport } from './measureExport.ts';

/** Ours warm, the others' cool. */
const colours: Record<ExportSystemName, string> = {
  onda: '#c2410c',
  'python-keras': '#2b6cb0',
  'python-graph': '#8a8f98',
};

/** Seconds that are named on the axis, where there are any about. */
const named = [0.1, 0.3, 1, 3, 10, 30, 100, 300];

/** What a command may take. */
const GOAL = 1;

interface Mark {
  work: string;
  system: ExportSystemName;
  seconds: number;
}

/** Seconds from file to file as a command, by model and system, on a logarithmic axis. */
export function exportPicture(measured: readonly MeasuredExport[]): BenchResult['picture'] {
  const marks = measured.flatMap(({ work, outcomes }) =>
    [...outcomes].flatMap(([system, outcome]): Mark[] =>
      'refused' in outcome || outcome.command.length === 0
        ? []
        : [{ work: work.name, system, seconds: median(outcome.command) }],
    ),
  );
  if (marks.length === 0) return null;
  const shown = [...new Set(marks.map(({ system }) => system))];
  // Of a system that converts nothing at all there is nothing to show.
  const without = measured.flatMap(({ work: { name: work }, outcomes }) =>
    shown
      .filter((system) => !marks.some((mark) => mark.work === work && mark.system === system))
      .map((system) => ({ work, system, why: outcomes.has(system) ? 'not converted' : 'not tried' })),
  );
  const least = Math.min(...marks.map(({ seconds }) => seconds));
  const most = Math.max(...marks.map(({ seconds }) => seconds));
  const place = { fy: 'work', y: 'system' } as const;
  const common = { ...place, x: 'seconds' } as const;
  return {
    alt: 'Seconds from a TensorFlow.js model to an ONNX file as a command, by model and system; the dashed line is the goal for ours',
    svg: drawSvg({
      width: 820,
      height: 70 + 26 * shown.length * measured.length,
      marginLeft: 118,
      marginRight: 140,
      marginBottom: 44,
      x: {
        type: 'log',
        label: 'seconds from file to file, as a command',
        labelAnchor: 'center',
        labelArrow: 'none',
        grid: true,
        ticks: named.filter((tick) => tick >= least && tick <= most),
        tickFormat: String,
        insetLeft: 8,
        insetRight: 56,
      },
      y: { label: null, domain: shown },
      fy: { label: null, domain: [...new Set(marks.map(({ work }) => work))], padding: 0.15 },
      marks: [
        Plot.ruleX([GOAL], { stroke: '#8a8f98', strokeDasharray: '4 3' }),
        Plot.dot(marks, { ...common, fill: colourOf, r: 4.5 }),
        Plot.text(marks, {
          ...common,
          text: ({ seconds }: Mark) => figure(seconds),
          textAnchor: 'start',
          dx: 9,
          stroke: 'white',
          strokeWidth: 4,
          fill: '#1f2933',
        }),
        Plot.text(without, {
          ...place,
          text: 'why',
          frameAnchor: 'right',
          textAnchor: 'end',
          fill: '#8a8f98',
        }),
      ],
    }),
  };
}

function colourOf({ system }: Mark): string {
  return colours[system];
}
