import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';

/** Colours of all charts: input x red, target y and prediction blue, true values grey. */
export const chartColours = {
  input: '#d64545',
  prediction: '#2b6cb0',
  truth: '#8a8f98',
  loss: '#2f855a',
  band: '#c8d9ec',
} as const;

export interface ChartLine {
  name: string;
  colour: string;
  /** Position of each point, milliseconds since 1970 on an axis of times; default: its index. */
  x?: ArrayLike<number>;
  y: ArrayLike<number>;
  dashed?: boolean;
  dots?: boolean;
  /** Width of the line in pixels; default 1.8. */
  width?: number;
}

/** An area between two values per point. */
export interface ChartBand {
  colour: string;
  x: ArrayLike<number>;
  low: ArrayLike<number>;
  high: ArrayLike<number>;
}

interface ChartOptions {
  /** Drawn behind the lines. */
  bands?: readonly ChartBand[];
  /** Whether x is a time: the axis has dates. */
  time?: boolean;
  xLabel: string;
  yLabel: string;
  /** Labelled positions of the x axis; default: even ones. */
  xTicks?: readonly number[];
  logarithmic?: boolean;
  width?: number;
  height?: number;
}

/** Labels powers of ten only; the grid lines between them have no label. */
const powerOfTen = (value: number): string =>
  Number.isInteger(Math.round(Math.log10(value) * 1e9) / 1e9) ? String(value) : '';

/** Renders lines over a common axis as an SVG element. */
export function lineChart(lines: readonly ChartLine[], options: ChartOptions): string {
  const position = (x: number): number | Date => (options.time ? new Date(x) : x);
  const points = (line: ChartLine): { x: number | Date; y: number }[] =>
    Array.from(line.y, (y, index) => ({ x: position(line.x?.[index] ?? index), y }));
  return render({
    width: options.width ?? 760,
    height: options.height ?? 260,
    marginLeft: 56,
    marginBottom: 36,
    x: {
      label: options.xLabel,
      labelArrow: 'none',
      ...(options.time && { type: 'utc' }),
      ...(options.xTicks && { ticks: options.xTicks }),
    },
    y: {
      label: options.yLabel,
      labelArrow: 'none',
      grid: true,
      type: options.logarithmic ? 'log' : 'linear',
      ticks: 5,
      ...(options.logarithmic && { tickFormat: powerOfTen }),
    },
    marks: [
      ...(options.bands ?? []).map(({ colour, x, low, high }) =>
        Plot.areaY(
          Array.from(low, (value, index) => ({ x: position(x[index]), low: value, high: high[index] })),
          { x: 'x', y1: 'low', y2: 'high', fill: colour, fillOpacity: 0.8 },
        ),
      ),
      ...lines.map((line) =>
        Plot.line(points(line), {
          x: 'x',
          y: 'y',
          stroke: line.colour,
          strokeWidth: line.width ?? 1.8,
          strokeDasharray: line.dashed ? '5 4' : undefined,
        }),
      ),
      ...lines
        .filter((line) => line.dots)
        .map((line) => Plot.dot(points(line), { x: 'x', y: 'y', fill: line.colour, r: 2.6 })),
    ],
  });
}

/** Ratio of the largest to the smallest positive value from which an axis is logarithmic. */
const logarithmicFrom = 30;

/** Renders dots as an SVG element. Numbers that span powers of ten have a logarithmic axis, texts an axis of categories. */
export function dotChart(
  dots: readonly { x: number | string; y: number; colour: string }[],
  options: Omit<ChartOptions, 'bands' | 'logarithmic' | 'time'>,
): string {
  const isLogarithmic = (values: readonly unknown[]): boolean => {
    const numbers = values.filter((value) => typeof value === 'number');
    return (
      numbers.length === values.length &&
      numbers.every((value) => value > 0) &&
      Math.max(...numbers) > logarithmicFrom * Math.min(...numbers)
    );
  };
  const axis = (values: readonly unknown[]): Plot.ScaleOptions =>
    values.some((value) => typeof value === 'string')
      ? { type: 'point' }
      : isLogarithmic(values)
        ? { type: 'log', tickFormat: powerOfTen }
        : { type: 'linear' };
  // Categories are texts: one of them may look like a number.
  const texts = dots.some(({ x }) => typeof x === 'string');
  const points = texts ? dots.map((dot) => ({ ...dot, x: String(dot.x) })) : dots;
  return render({
    width: options.width ?? 760,
    height: options.height ?? 260,
    marginLeft: 56,
    marginBottom: 36,
    x: { label: options.xLabel, labelArrow: 'none', ...axis(points.map(({ x }) => x)) },
    y: { label: options.yLabel, labelArrow: 'none', grid: true, ticks: 5, ...axis(points.map(({ y }) => y)) },
    marks: [Plot.dot(points, { x: 'x', y: 'y', fill: 'colour', r: 3.5 })],
  });
}

/** Renders how often values fall in equal ranges, as an SVG element. */
export function histogram(
  values: readonly number[],
  colour: string,
  options: Omit<ChartOptions, 'bands' | 'logarithmic' | 'time'>,
): string {
  return render({
    width: options.width ?? 760,
    height: options.height ?? 260,
    marginLeft: 56,
    marginBottom: 36,
    x: { label: options.xLabel, labelArrow: 'none' },
    y: { label: options.yLabel, labelArrow: 'none', grid: true, ticks: 5 },
    marks: [
      Plot.rectY(
        values.map((value) => ({ value })),
        { ...Plot.binX({ y: 'count' }, { x: 'value', thresholds: 30 }), fill: colour },
      ),
      Plot.ruleX([0]),
    ],
  });
}

/** A row of a frame strip. */
export interface FrameRow {
  name: string;
  /** Values of all frames, row-major, shape [frames, height * width]; 0 is dark, 1 is bright. */
  frames: ArrayLike<number>;
}

const CELL_SIZE = 14;
const FRAME_GAP = 6;
const LABEL_WIDTH = 96;

/** Renders every `every`-th frame of each row as an SVG element; the same moment is one column of all rows. */
export function frameStrip(rows: readonly FrameRow[], height: number, width: number, every = 1): string {
  const size = height * width;
  const columns = Math.floor((rows[0].frames.length / size - 1) / every) + 1;
  const left = (column: number): number => LABEL_WIDTH + column * (width * CELL_SIZE + FRAME_GAP);
  const top = (row: number): number => row * (height * CELL_SIZE + FRAME_GAP);
  const cells = rows.flatMap(({ frames }, row) =>
    Array.from({ length: columns * size }, (_, i) => {
      const [column, pixel] = [Math.floor(i / size), i % size];
      const x = left(column) + (pixel % width) * CELL_SIZE;
      const y = top(row) + Math.floor(pixel / width) * CELL_SIZE;
      return { x, y, value: frames[column * every * size + pixel] };
    }),
  );
  const labels = rows.map(({ name }, row) => ({ name, y: top(row) + (height * CELL_SIZE) / 2 }));
  return render({
    width: left(columns),
    height: top(rows.length),
    margin: 0,
    x: { type: 'identity', axis: null },
    y: { type: 'identity', axis: null },
    color: { type: 'linear', domain: [0, 1], range: ['#000', '#fff'], clamp: true },
    marks: [
      Plot.rect(cells, {
        x1: 'x',
        x2: ({ x }: { x: number }) => x + CELL_SIZE,
        y1: 'y',
        y2: ({ y }: { y: number }) => y + CELL_SIZE,
        fill: 'value',
      }),
      Plot.text(labels, { x: 0, y: 'y', text: 'name', textAnchor: 'start' }),
    ],
  });
}

/** Renders a plot as the text of an SVG element; axes and labels have the text colour of the page. */
function render(options: Plot.PlotOptions): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const style = {
    background: 'none',
    color: 'currentColor',
    fontFamily: 'system-ui, sans-serif',
    fontSize: '12px',
    overflow: 'visible',
  };
  return Plot.plot({ document, style, ...options }).outerHTML;
}
