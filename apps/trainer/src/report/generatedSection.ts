import type { FitReportData } from './fitReportData.ts';
import { frameStrip } from './frameStrip.ts';
import { chartColours, lineChart } from './lineChart.ts';
import type { ReportSection } from './reportPage.ts';
import { firstFeature, isVideo, stripEvery } from './shownValues.ts';

/** What the net does by itself after a prompt, beside the truth; of a net that draws its values, the band that they lie in too. */
export function generatedSection({
  config,
  demonstration,
  generated,
  band,
  features,
}: FitReportData): ReportSection {
  const { truth, samples, time, prompt } = demonstration;
  const title = 'Generated';
  const fed = band === null ? 'its own predictions' : 'values that are drawn from its own distribution';
  const text = `The net is shown ${time} samples, then fed ${fed} for ${samples}.`;
  if (isVideo(config)) {
    const { height, width } = config.data;
    const rows = [
      ...(truth ? [{ name: 'true', frames: truth }] : []),
      ...generated.map(({ by, values }) => ({ name: by, frames: values })),
    ];
    return {
      title,
      text,
      pictures: [
        { caption: `Frames after the first ${time}`, svg: frameStrip(rows, height, width, stripEvery) },
      ],
    };
  }
  const shown = Math.min(time, Math.max(20, samples));
  const after = Float64Array.from({ length: samples }, (_, i) => i);
  const lines = [
    {
      name: 'prompt',
      colour: chartColours.fed,
      x: Float64Array.from({ length: shown }, (_, i) => i - shown),
      y: firstFeature(prompt, features).slice(-shown),
    },
    ...(truth
      ? [
          {
            name: 'truth',
            colour: chartColours.truth,
            x: after,
            y: firstFeature(truth, features),
            dashed: true,
          },
        ]
      : []),
    ...generated.map(({ by, values }) => ({
      name: by,
      colour: chartColours.wanted,
      x: after,
      y: firstFeature(values, features),
    })),
  ];
  return {
    title,
    text:
      band === null
        ? text
        : `${text} The band holds ${band.within} of ${band.count} such continuations at each sample.`,
    pictures: [
      {
        caption: 'Closed loop',
        svg: lineChart(lines, {
          xLabel: 'samples after the prompt',
          yLabel: 'value',
          width: 1000,
          ...(band && {
            band: {
              colour: chartColours.band,
              x: after,
              low: firstFeature(band.low, features),
              high: firstFeature(band.high, features),
            },
          }),
        }),
        legend: [
          ...lines.map(({ name, colour }) => ({ name, colour })),
          ...(band ? [{ name: `${band.within} of ${band.count} drawn`, colour: chartColours.band }] : []),
        ],
      },
    ],
  };
}
