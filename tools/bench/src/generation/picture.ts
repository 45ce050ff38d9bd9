import * as Plot from '@observablehq/plot';
import type { BenchResult } from '../bench.ts';
import { drawSvg } from '../report/drawSvg.ts';
import { figure } from '../report/figures.ts';
import { spread } from '../statistics.ts';
import type { MeasuredWork } from './measureWork.ts';
import type { SystemName } from './systems.ts';
import { systemNames } from './systems.ts';

/** Ours warm, the others cool. */
const colours: Record<SystemName, string> = {
  'onda-generator': '#c2410c',
  'onnxruntime-node': '#f59e0b',
  'onnxruntime-python': '#2f855a',
  pytorch: '#2b6cb0',
  'tfjs-node': '#805ad5',
  'tfjs-node-layers': '#8a8f98',
};

/** Of the legend: entries a row, and how far apart they stand. */
const legend = { columns: 3, width: 180, height: 18 };

/** A row of dots for each work, a dot a system, on a logarithmic axis. */
export function generationPicture(measured: readonly MeasuredWork[]): BenchResult['picture'] {
  const marks = measured.flatMap(({ work, times }) =>
    [...times].map(([system, { times: values }]) => ({
      work: work.name.replace('generation-', ''),
      system,
      ...spread(values),
    })),
  );
  if (marks.length === 0) return null;
  const shown = systemNames.filter((name) => marks.some(({ system }) => system === name));
  const svg = drawSvg({
    width: 860,
    height: 98 + 30 * measured.length,
    marginLeft: 100,
    marginTop: 64,
    marginBottom: 44,
    x: {
      type: 'log',
      label: 'microseconds a sample of the whole batch',
      labelAnchor: 'center',
      labelArrow: 'none',
      grid: true,
    },
    y: { label: null, domain: [...new Set(marks.map(({ work }) => work))] },
    marks: [
      Plot.ruleY(marks, {
        y: 'work',
        x1: 'min',
        x2: 'max',
        stroke: ({ system }: { system: SystemName }) => colours[system],
        strokeOpacity: 0.35,
        strokeWidth: 3,
      }),
      Plot.dot(marks, {
        y: 'work',
        x: 'median',
        fill: ({ system }: { system: SystemName }) => colours[system],
        r: 5,
      }),
      Plot.text(
        marks.filter(({ system }) => system === 'onda-generator'),
        { y: 'work', x: 'median', text: ({ median }: { median: number }) => figure(median), dy: -10 },
      ),
      ...shown.flatMap((name, index) => {
        const dx = 8 + (index % legend.columns) * legend.width;
        const dy = -48 + Math.floor(index / legend.columns) * legend.height;
        const text = (given: string): string => given;
        return [
          Plot.dot([name], { frameAnchor: 'top-left', dx, dy, fill: colours[name], r: 5 }),
          Plot.text([name], { frameAnchor: 'top-left', dx: dx + 10, dy, lineAnchor: 'middle', text }),
        ];
      }),
    ],
  });
  return {
    alt: 'Microseconds a generated sample by work; a dot is a system, the line reaches from its quickest to its slowest round',
    svg,
  };
}
