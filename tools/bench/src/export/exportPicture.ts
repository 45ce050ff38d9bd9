import * as Plot from '@observablehq/plot';
import type { BenchResult } from '../bench.ts';
import { drawSvg } from '../report/drawSvg.ts';
import { figure } from '../report/figures.ts';
import { median } from '../statistics.ts';
import type { MeasuredExport } from './measureExport.ts';

/** Ours warm, the others' cool. */
const colours: Record<string, string> = {
  onda: '#c2410c',
  'python-keras': '#2b6cb0',
  'python-graph': '#8a8f98',
};

interface Mark {
  work: string;
  system: string;
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
  const common = { fy: 'work', y: 'system', x: 'seconds' } as const;
  return {
    alt: 'Seconds from a TensorFlow.js model to an ONNX file as a command, by model and system; a model without a line for a system was not converted by it',
    svg: drawSvg({
      width: 820,
      height: 70 + 26 * marks.length,
      marginLeft: 118,
      marginRight: 140,
      marginBottom: 44,
      x: {
        type: 'log',
        label: 'seconds from file to file, as a command',
        labelAnchor: 'center',
        labelArrow: 'none',
        grid: true,
        insetLeft: 8,
        insetRight: 56,
      },
      y: { label: null, domain: [...new Set(marks.map(({ system }) => system))] },
      fy: { label: null, domain: [...new Set(marks.map(({ work }) => work))], padding: 0.15 },
      marks: [
        Plot.dot(marks, { ...common, fill: colourOf, r: 4.5 }),
        Plot.text(marks, {
          ...common,
          text: ({ seconds }: Mark) => figure(seconds),
          textAnchor: 'start',
          dx: 9,
        }),
      ],
    }),
  };
}

function colourOf({ system }: Mark): string {
  return colours[system] ?? '#1f2933';
}
