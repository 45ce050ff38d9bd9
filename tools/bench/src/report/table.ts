import type { Measurement } from './measurement.ts';
import { median, roundRatios, spread } from './measurement.ts';

export interface Table {
  title: string;
  head: readonly string[];
  /** Cells as text. */
  rows: readonly (readonly string[])[];
}

/** A number with three significant digits; an exponent below 0.0001. */
export function figure(value: number): string {
  if (value === 0) return '0';
  if (Math.abs(value) < 1e-4) return value.toExponential(1);
  return value.toFixed(Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value)))));
}

/** From the least to the greatest value: `0.21 – 0.35`. */
export function figureRange(min: number, max: number): string {
  return `${figure(min)} – ${figure(max)}`;
}

/**
 * One line per workload and subject, one column per metric: medians, and the ratio of the first metric to the peer's, the median of the
 * ratios of the rounds. A single metric has its range and number of rounds beside it.
 */
export function measurementTable(title: string, measurements: readonly Measurement[], peer?: string): Table {
  const lines = new Map<string, Map<string, Measurement>>();
  for (const one of measurements) {
    const key = `${one.workload}\n${one.subject}`;
    const line = lines.get(key) ?? new Map<string, Measurement>();
    lines.set(key, line.set(one.metric, one));
  }
  const metrics = [...new Set(measurements.map(({ metric }) => metric))];
  const [main] = metrics;
  const single = measurements.every(({ metric, detail }) => metric === main || detail === true);
  const hasPeer = peer !== undefined && measurements.some(({ subject }) => subject === peer);
  const columns = metrics.map((metric) => columnOf(metric, measurements));
  return {
    title,
    head: [
      ...['work', 'system', columns[0].title],
      ...(single ? ['min – max', 'rounds'] : []),
      ...columns.slice(1).map((column) => column.title),
      ...(hasPeer ? [`ratio to ${peer}`] : []),
    ],
    rows: [...lines].map(([key, line]) => {
      const [workload, subject] = key.split('\n');
      const first = line.get(main);
      const peers = peer === undefined ? undefined : lines.get(`${workload}\n${peer}`)?.get(main);
      const { min, max, runs } = first === undefined ? { min: 0, max: 0, runs: 0 } : spread(first.values);
      return [
        ...[workload, subject, columns[0].cell(first)],
        ...(single ? [figureRange(min, max), String(runs)] : []),
        ...columns.slice(1).map((column, index) => column.cell(line.get(metrics[index + 1]))),
        ...(hasPeer ? [first && peers ? figure(median(roundRatios(first.values, peers.values))) : ''] : []),
      ];
    }),
  };
}

/** A column's unit is in its title, or in its cells where the units differ. */
function columnOf(
  metric: string,
  all: readonly Measurement[],
): { title: string; cell: (one: Measurement | undefined) => string } {
  const of = all.filter((one) => one.metric === metric);
  const units = new Set(of.map(({ unit }) => unit));
  const whole = of.every(({ values }) => values.every(Number.isInteger));
  const [unit] = units;
  const name = metric === '' ? 'median' : metric.slice(1);
  return {
    title: units.size === 1 && unit !== '' && unit !== name ? `${name}, ${unit}` : name,
    cell: (one) => {
      if (one === undefined || one.values.length === 0) return '';
      const value = median(one.values);
      const text = whole ? String(value) : figure(value);
      return units.size === 1 ? text : `${text} ${one.unit}`;
    },
  };
}

/** A table for a terminal: columns two spaces apart, numbers to the right. */
export function textTable({ title, head, rows }: Table): string {
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column].length)));
  const right = numericColumns(head, rows);
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (right[column] ? cell.padStart(widths[column]) : cell.padEnd(widths[column])))
      .join('  ')
      .trimEnd();
  return [title, '', line(head), ...rows.map(line)].join('\n');
}

/** The same as Markdown, under a bold title. */
export function markdownTable({ title, head, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    ...[`**${title}**`, '', line(head)],
    line(numericColumns(head, rows).map((numeric) => (numeric ? '---:' : '---'))),
    ...rows.map(line),
  ].join('\n');
}

/** A column is numeric when each of its cells is a number, a range, or empty. */
function numericColumns(head: readonly string[], rows: Table['rows']): boolean[] {
  return head.map(
    (_, column) => rows.length > 0 && rows.every((row) => /^(-|[\d.,%e+\-– ]*)$/i.test(row[column])),
  );
}
