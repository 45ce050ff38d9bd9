import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { BenchResult } from '../bench.ts';
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

const look = { background: 'white', color: '#1f2933', fontFamily: 'system-ui, sans-serif', fontSize: '12px' };

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
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const shown = systemNames.filter((name) => marks.some(({ system }) => system === name));
  const picture = Plot.plot({
    document,
    style: look,
    width: 860,
    height: 80 + 30 * measured.length,
    marginLeft: 100,
    marginTop: 46,
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
      ...shown.flatMap((name, index) => [
        Plot.dot([name], {
          frameAnchor: 'top-left',
          dx: 8 + index * 130,
          dy: -30,
          fill: colours[name],
          r: 5,
        }),
        Plot.text([name], {
          frameAnchor: 'top-left',
          dx: 18 + index * 130,
          dy: -30,
          lineAnchor: 'middle',
          text: (text: string) => text,
        }),
      ]),
    ],
  });
  picture.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  return {
    alt: 'Microseconds a generated sample by work; a dot is a system, the line reaches from its quickest to its slowest round',
    svg: `${picture.outerHTML}\n`,
  };
}
