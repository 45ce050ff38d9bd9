import { ConfigError } from '@onda/contract';
import type { Agreement } from './report/agreement.ts';
import type { Chart } from './report/chart.ts';
import type { Goal } from './report/goals.ts';
import type { Measurement } from './report/measurement.ts';
import type { Table } from './report/table.ts';

/** Options of the command line that a bench may use. */
export interface BenchOptions {
  /** Fewer and shorter rounds: a trial, not figures to quote. */
  quick: boolean;
  /** How the time grows with the sizes, instead of the usual workloads. */
  scaling: boolean;
  rounds?: number;
  /** Length of a soak. */
  minutes?: number;
  /** Rate of a soak as a share of the maximum rate, from 0 to 1. */
  share?: number;
}

/** One bench: what it measures as data, and how. */
export interface Bench<Workload = unknown> {
  /** Title of its table. */
  title: string;
  /** Marks of its part of the page and name of its chart; the bench's name where left out. */
  section?: (options: BenchOptions) => string;
  /** Workloads when `--works` names none. */
  workloads: (options: BenchOptions) => readonly string[];
  /** @throws ConfigError for an unknown workload */
  parseWorkload: (name: string) => Workload;
  /** Every subject, and those that are measured when `--systems` names none. */
  subjects: readonly string[];
  usualSubjects?: (options: BenchOptions) => readonly string[];
  /** The subject that the table's ratios refer to. */
  peer?: string;
  goals: readonly Goal[];
  measure(run: BenchRun<Workload>): Promise<Measured>;
}

/** What a bench measures in one run. */
export interface BenchRun<Workload> {
  workloads: readonly Workload[];
  subjects: readonly string[];
  options: BenchOptions;
  /** An empty folder, removed at the end. */
  folder: string;
  /** Progress for the person who waits, one line each. */
  say: (line: string) => void;
  /** Runs the measurement itself: what processes other than this one and `pids` use meanwhile is reported. */
  watched: <Result>(pids: readonly number[], measure: () => Promise<Result>) => Promise<Result>;
}

export interface Measured {
  measurements: readonly Measurement[];
  agreements?: readonly Agreement[];
  /** Tables besides those of the measurements, goals and agreements. */
  tables?: readonly Table[];
  /** Versions, threads, what is left out and how to get it. */
  notes: readonly string[];
  /** Why the figures are invalid, one sentence each. */
  problems?: readonly string[];
  chart?: Chart | null;
}

/** Measures one workload after the other, with a progress line each. */
export async function measureEach<Workload extends { name: string }, Result>(
  { workloads, say }: Pick<BenchRun<Workload>, 'workloads' | 'say'>,
  measure: (workload: Workload) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const [index, workload] of workloads.entries()) {
    say(`${index + 1} of ${workloads.length}: ${workload.name}`);
    results.push(await measure(workload));
  }
  return results;
}

/** @throws ConfigError for an unknown workload */
export function parseOneOf<Workload extends { name: string }>(
  workloads: readonly Workload[],
  name: string,
): Workload {
  const found = workloads.find((workload) => workload.name === name);
  if (found !== undefined) return found;
  throw new ConfigError(
    `--works: expected some of ${workloads.map((workload) => workload.name).join(', ')}, got ${JSON.stringify(name)}; correct the name`,
  );
}
