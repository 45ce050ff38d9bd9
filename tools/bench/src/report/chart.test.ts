import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { dotChart, drawChart } from './chart.ts';
import type { Measurement } from './measurement.ts';

const measured = (workload: string, subject: string, values: number[]): Measurement => ({
  ...{ workload, metric: '', subject, unit: 'ms', values },
});
const measurements = ['rnn-32-1-20', 'lstm-128-32-50'].flatMap((workload) => [
  measured(workload, 'onda-native', [1, 2, 3]),
  measured(workload, 'pytorch', [4, 5, 6]),
]);
const rest = { alt: 'times', xLabel: 'milliseconds' };

const circles = (svg: string): number => parseHTML(svg).document.querySelectorAll('circle').length;

describe(drawChart, () => {
  it('draws a dot for each workload and series, one in the legend, and the figures of the first series', () => {
    const chart = dotChart(measurements, '', rest);
    const svg = drawChart(chart!);
    expect(circles(svg)).toBe(4 + 2);
    expect(svg).toContain('>2.00<');
    expect(svg).not.toContain('>5.00<');
    expect(svg).toMatch(/^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
  });

  it('draws panels below each other', () => {
    const points = [1, 2, 3].map((x) => ({ series: 'p99', x, y: x * x }));
    const panel = { xLabel: 'minutes', yLabel: 'milliseconds', points };
    const svg = drawChart({ kind: 'lines', alt: 'times', panels: [panel, { ...panel, log: true }] });
    expect(circles(svg)).toBe(6);
    expect(svg).toContain('<svg y="250"');
  });
});

describe(dotChart, () => {
  it('is null without figures', () => {
    expect(dotChart([], '', rest)).toBeNull();
    expect(dotChart(measurements, '-p99', rest)).toBeNull();
  });
});
