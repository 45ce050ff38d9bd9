import type { Machine } from '../machine.ts';

/** One figure of one subject on one workload. */
export interface Measurement {
  workload: string;
  /** The rest of the row's name with its separator, such as `-p99` or ` command`; empty for the main figure. */
  metric: string;
  subject: string;
  unit: string;
  /** One value per round. */
  values: readonly number[];
  /** Shown in the table only: it is no row of the JSON file. */
  detail?: boolean;
}

export interface Spread {
  median: number;
  min: number;
  max: number;
  /** Number of values. */
  runs: number;
}

/** One row of the JSON file. */
export interface Row extends Spread {
  work: string;
  system: string;
  unit: string;
}

/** What `--json` writes. */
export interface RowFile {
  bench: string;
  machine: Machine;
  rows: Row[];
}

/**
 * The middle value, or the mean of the two in the middle.
 *
 * @throws RangeError for no values
 */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('median: expected at least one value, got none');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** @throws RangeError for no values */
export function spread(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values), runs: values.length };
}

/**
 * The ratio within each round: what slows the machine in one round slows both.
 *
 * @param values of each round; a slow subject may skip the last rounds
 * @param peers  of the same rounds
 */
export function roundRatios(values: readonly number[], peers: readonly number[]): number[] {
  return values.slice(0, peers.length).map((value, round) => value / peers[round]);
}

/** The `work` of a measurement's row. */
export function rowName({ workload, metric }: Measurement): string {
  return workload + metric;
}

/** The value at a share of a sorted list, such as 0.99. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/** The rows of the JSON file. A figure without finite values (no request was answered) has none. */
export function rowsOf(measurements: readonly Measurement[]): Row[] {
  const rows = measurements
    .filter(({ detail, values }) => detail !== true && values.length > 0 && values.every(Number.isFinite))
    .map((one) => ({ work: rowName(one), system: one.subject, unit: one.unit, ...spread(one.values) }));
  const names = rows.map(({ work, system }) => `${work} of ${system}`);
  const repeated = names.find((name, index) => names.indexOf(name) < index);
  if (repeated !== undefined) throw new Error(`expected one row for ${repeated}, got two`);
  return rows;
}

/** The text of the JSON file, with six significant digits. */
export function rowFileText({ bench, machine, rows }: RowFile): string {
  const short = (value: number): number => Number(value.toPrecision(6));
  const written = rows.map((row) => ({
    ...row,
    median: short(row.median),
    min: short(row.min),
    max: short(row.max),
  }));
  return `${JSON.stringify({ bench, machine, rows: written }, null, 2)}\n`;
}
