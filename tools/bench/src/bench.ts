import type { Goal } from './report/goals.ts';
import type { Row } from './report/rowFile.ts';
import type { Table } from './report/table.ts';

/** What the command line asks of a bench. */
export interface BenchCall {
  /** Names of works; undefined: those that the bench runs by itself. */
  works?: readonly string[];
  /** Names of systems; undefined: those that the bench compares by itself. */
  systems?: readonly string[];
  /** Fewer and shorter rounds: to see that it runs, not to quote. */
  quick: boolean;
  /** How the time grows with the sizes, instead of the usual works. */
  scaling: boolean;
  /** Rounds of each work; undefined: the bench's own number. */
  rounds?: number;
  /** How long a soak lasts; undefined: the bench's own number. */
  minutes?: number;
  /** How much of the top rate a soak asks, from 0 to 1; undefined: the bench's own number. */
  share?: number;
  /** Passing news for the person who waits, one line each. */
  say: (line: string) => void;
}

/** What a bench found. */
export interface BenchResult {
  /** Part of docs/performance.md that shows it, and name of its picture: `training`, `training-scaling`. */
  section: string;
  rows: Row[];
  tables: Table[];
  /** Sentences for people: versions, threads, what was left out and how to get it, what is unlike. */
  notes: string[];
  /** A drawing of the figures as SVG text; null where there is nothing to draw. */
  picture: { alt: string; svg: string } | null;
  /** Why the figures must not be trusted, a sentence each; empty: they may be. */
  problems: string[];
  /** What the figures were held against. A goal that was missed stands in what is written, and the exit code tells. */
  goals?: readonly Goal[];
  /** Cores that other processes used meanwhile, on average; null where the system does not tell. */
  otherCores: number | null;
}

/** One subject of measurement: `npm run bench -- NAME`. */
export type Bench = (call: BenchCall) => Promise<BenchResult>;
