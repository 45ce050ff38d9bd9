import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';

/** The colours of the first job's text (x red, y blue), kept for every chart: what is fed, what is wanted or predicted, the truth. */
export const chartColours = {
  fed: '#d64545',
  wanted: '#2b6cb0',
  truth: '#8a8f98',
  loss: '#2f855a',
  band: '#c8d9ec',
} as const;

export interface ChartLine {
  name: string;
  colour: string;
  /** Position of each point; its index when left out. */
  x?: ArrayLike<number>;
  y: ArrayLike<number>;
  dashed?: boolean;
  dots?: boolean;
}

/** An area between two values of each point. */
export interface ChartBand {
  colour: string;
  x: ArrayLike<number>;
  low: ArrayLike<number>;
  high: ArrayLike<number>;
}

export interface ChartOptions {
  /** Behind the lines. */
  band?: ChartBand;
  xLabel: string;
  yLabel: string;
  logarithmic?: boolean;
  width?: number;
  height?: number;
}

interface Point {
  x: number;
  y: number;
  name: string;
}

/** Labels powers of ten alone; the lines between stay, without a label. */
const powerOfTen = (value: number): string =>
  Number.isInteger(Math.round(Math.log10(value) * 1e9) / 1e9) ? String(value) : '';

/** Draws lines over a common axis as an SVG element's text; colours of axes follow the page (`currentColor`). */
export function lineChart(lines: readonly ChartLine[], options: ChartOptions): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const points = (line: ChartLine): Point[] =>
    Array.from(line.y, (y, index) => ({ x: line.x?.[index] ?? index, y, name: line.name }));
  const figure = Plot.plot({
    document,
    width: options.width ?? 760,
    height: options.height ?? 260,
    marginLeft: 56,
    marginBottom: 36,
    style: {
      background: 'none',
      color: 'currentColor',
      fontFamily: 'system-ui, sans-serif',
      fontSize: '12px',
      overflow: 'visible',
    },
    x: { label: options.xLabel, labelArrow: 'none' },
    y: {
      label: options.yLabel,
      labelArrow: 'none',
      grid: true,
      type: options.logarithmic ? 'log' : 'linear',
      ticks: 5,
      ...(options.logarithmic && { tickFormat: powerOfTen }),
    },
    marks: [
      ...(options.band
        ? [
            Plot.areaY(bandPoints(options.band), {
              x: 'x',
              y1: 'low',
              y2: 'high',
              fill: options.band.colour,
              fillOpacity: 0.8,
            }),
          ]
        : []),
      ...lines.map((line) =>
        Plot.line(points(line), {
          x: 'x',
          y: 'y',
          stroke: line.colour,
          strokeWidth: 1.8,
          strokeDasharray: line.dashed ? '5 4' : undefined,
        }),
      ),
      ...lines
        .filter((line) => line.dots)
        .map((line) => Plot.dot(points(line), { x: 'x', y: 'y', fill: line.colour, r: 2.6 })),
    ],
  });
  return figure.outerHTML;
}

function bandPoints({ x, low, high }: ChartBand): { x: number; low: number; high: number }[] {
  return Array.from(low, (value, index) => ({ x: x[index], low: value, high: high[index] }));
}
