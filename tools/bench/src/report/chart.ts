import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { Measurement } from './measurement.ts';
import { spread } from './measurement.ts';
import { figure } from './table.ts';

/** What a chart shows; `alt` describes it. */
export type Chart = DotChart | LineChart;

/** One row per workload, one dot per series at its median, a line over its range, on a logarithmic axis. */
export interface DotChart {
  kind: 'dots';
  alt: string;
  xLabel: string;
  dots: readonly Dot[];
  /** A dashed line. */
  bound?: number;
}

interface Dot {
  row: string;
  series: string;
  median: number;
  min: number;
  max: number;
}

/** Lines over a shared kind of x, one panel per unit, below each other. */
export interface LineChart {
  kind: 'lines';
  alt: string;
  panels: readonly Panel[];
}

interface Panel {
  xLabel: string;
  yLabel: string;
  /** Both axes logarithmic. */
  log?: boolean;
  points: readonly { series: string; x: number; y: number }[];
}

/** Colours of the series in their order: Onda's come first. */
const palette = ['#c2410c', '#f59e0b', '#2b6cb0', '#2f855a', '#805ad5', '#8a8f98'];

const WIDTH = 860;
const PANEL_HEIGHT = 250;
const legend = { columns: 3, width: 200, height: 18 };

/** The dots of one metric. */
export function dotChart(
  measurements: readonly Measurement[],
  metric: string,
  rest: Omit<DotChart, 'kind' | 'dots'>,
): DotChart | null {
  const dots = measurements
    .filter((one) => one.metric === metric && one.values.length > 0)
    .map(({ workload, subject, values }) => ({ row: workload, series: subject, ...spread(values) }));
  return dots.length === 0 ? null : { kind: 'dots', dots, ...rest };
}

/** A chart as the text of an SVG file. */
export function drawChart(chart: Chart): string {
  const drawings = chart.kind === 'dots' ? [dotOptions(chart)] : chart.panels.map(panelOptions);
  if (drawings.length === 1) return svgText(drawings[0]);
  const height = PANEL_HEIGHT * drawings.length;
  const panels = drawings.map((options, index) =>
    svgText(options)
      .replace('<svg ', `<svg y="${index * PANEL_HEIGHT}" `)
      .trimEnd(),
  );
  const size = `width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size}>\n${panels.join('\n')}\n</svg>\n`;
}

function dotOptions({ xLabel, dots, bound }: DotChart): Plot.PlotOptions {
  const series = [...new Set(dots.map((dot) => dot.series))];
  const colour = colourOf(series);
  const first = dots.filter((dot) => dot.series === series[0]);
  const rows = [...new Set(dots.map(({ row }) => row))];
  return {
    width: WIDTH,
    height: 98 + 30 * rows.length,
    ...{ marginLeft: 150, marginTop: 64, marginBottom: 44, marginRight: 30 },
    x: { type: 'log', label: xLabel, labelAnchor: 'center', labelArrow: 'none', grid: true },
    y: { label: null, domain: rows },
    marks: [
      ...(bound === undefined ? [] : [Plot.ruleX([bound], { stroke: '#8a8f98', strokeDasharray: '4 3' })]),
      Plot.ruleY(dots, {
        ...{ y: 'row', x1: 'min', x2: 'max' },
        ...{ stroke: colour, strokeOpacity: 0.35, strokeWidth: 3 },
      }),
      Plot.dot(dots, { y: 'row', x: 'median', fill: colour, r: 5 }),
      Plot.text(first, { y: 'row', x: 'median', text: ({ median }: Dot) => figure(median), dy: -10 }),
      ...legendMarks(series),
    ],
  };
}

function panelOptions({ xLabel, yLabel, log = false, points }: Panel): Plot.PlotOptions {
  const series = [...new Set(points.map((point) => point.series))];
  const fill = colourOf(series);
  const ends = series.flatMap((name) => points.filter((point) => point.series === name).slice(-1));
  const scale = log ? ({ type: 'log' } as const) : {};
  return {
    width: WIDTH,
    height: PANEL_HEIGHT,
    ...{ marginLeft: 60, marginTop: 36, marginRight: 110 },
    x: { ...scale, label: xLabel, labelAnchor: 'center', ...(log ? { ticks: 5, tickFormat: String } : {}) },
    y: { ...scale, label: yLabel, grid: true, ...(log ? {} : { zero: true }) },
    marks: [
      Plot.lineY(points, { x: 'x', y: 'y', z: 'series', stroke: fill, strokeWidth: 2 }),
      Plot.dot(points, { x: 'x', y: 'y', fill, r: 2.5 }),
      Plot.text(ends, { x: 'x', y: 'y', text: 'series', fill, textAnchor: 'start', dx: 8 }),
    ],
  };
}

function legendMarks(series: readonly string[]): Plot.Markish[] {
  return series.flatMap((name, index) => {
    const dx = 8 + (index % legend.columns) * legend.width;
    const dy = -48 + Math.floor(index / legend.columns) * legend.height;
    const place = { frameAnchor: 'top-left', dy } as const;
    return [
      Plot.dot([name], { ...place, dx, fill: colourAt(index), r: 5 }),
      Plot.text([name], { ...place, dx: dx + 10, lineAnchor: 'middle', text: (text: string) => text }),
    ];
  });
}

function colourOf(series: readonly string[]): (mark: { series: string }) => string {
  return (mark) => colourAt(series.indexOf(mark.series));
}

function colourAt(index: number): string {
  return palette[index % palette.length];
}

function svgText(options: Plot.PlotOptions): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const style = {
    background: 'white',
    color: '#1f2933',
    fontFamily: 'system-ui, sans-serif',
    fontSize: '12px',
  };
  const svg = Plot.plot({ ...options, document, style });
  // A separate file needs its namespace; Plot omits it.
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  return `${svg.outerHTML}\n`;
}
