import type { Table } from './table.ts';
import { figure } from './table.ts';
import type { Measurement } from './measurement.ts';
import { median, roundRatios, rowName } from './measurement.ts';

/** A bound on the rows of one system. */
export interface Goal {
  /** Names of the rows. */
  work: RegExp;
  system: string;
  relation: 'at most' | 'at least';
  /** In the row's unit; with a peer, a multiple of the peer's figure. */
  bound: number;
  peer?: Peer;
  /** Added to the multiple of the peer's figure, in the row's unit. */
  plus?: number;
}

/** Another row of the same run. */
export interface Peer {
  /** The best of the others where left out. */
  system?: string;
  /** The same row where left out. */
  work?: string;
  /**
   * The peer's figure on the machine for which `bound` was set in the row's unit: the bound scales with the peer's figure over this,
   * and applies unscaled in a run without the peer.
   */
  reference?: number;
}

/** A goal applied to one row, in words. */
export interface GoalResult {
  work: string;
  system: string;
  bound: string;
  got: string;
  met: boolean;
}

function number(value: number): string {
  return Number.isInteger(value) ? String(value) : figure(value);
}

/** Checks every goal on every row that it selects. A goal whose peer was not measured does not apply. */
export function checkGoals(goals: readonly Goal[], measurements: readonly Measurement[]): GoalResult[] {
  return goals.flatMap((goal) =>
    measurements
      .filter((one) => one.subject === goal.system && goal.work.test(rowName(one)) && isRow(one))
      .flatMap((one) => checkGoal(goal, one, measurements) ?? []),
  );
}

function isRow({ detail, values }: Measurement): boolean {
  return detail !== true && values.length > 0;
}

function checkGoal(goal: Goal, one: Measurement, all: readonly Measurement[]): GoalResult | undefined {
  const { relation, bound, peer, plus = 0 } = goal;
  const { unit, values } = one;
  const result = (text: string, value: number, limit: number, got: string): GoalResult => ({
    ...{ work: rowName(one), system: one.subject, bound: `${relation} ${text}`, got },
    // NaN meets neither.
    met: relation === 'at most' ? value <= limit : value >= limit,
  });
  const value = median(values);
  const got = `${number(value)} ${unit}`;
  if (peer === undefined) return result(`${number(bound)} ${unit}`, value, bound, got);
  const other = findPeer(goal, one, all);
  if (other === undefined)
    return peer.reference === undefined ? undefined : result(`${number(bound)} ${unit}`, value, bound, got);
  if (peer.work === undefined) {
    const ratio = median(roundRatios(values, other.values));
    return result(`${bound} times ${other.subject}`, ratio, bound, `${ratio.toFixed(2)} times`);
  }
  const limit = (bound * median(other.values)) / (peer.reference ?? 1) + plus;
  const scale = peer.reference === undefined ? '' : ` / ${peer.reference}`;
  const text = `${bound} times ${rowName(other)} of ${other.subject}${scale}${plus === 0 ? '' : ` and ${plus} ${unit}`}`;
  return result(`${number(limit)} ${unit} (${text})`, value, limit, got);
}

function findPeer(
  { relation, peer }: Goal,
  one: Measurement,
  all: readonly Measurement[],
): Measurement | undefined {
  const work = peer?.work ?? rowName(one);
  const others = all.filter(
    (other) =>
      other !== one &&
      rowName(other) === work &&
      isRow(other) &&
      (peer?.system === undefined || other.subject === peer.system),
  );
  const sign = relation === 'at most' ? 1 : -1;
  return others.sort((a, b) => sign * (median(a.values) - median(b.values)))[0];
}

/** All goals, missed ones first; null without any. */
export function goalTable(results: readonly GoalResult[]): Table | null {
  if (results.length === 0) return null;
  const met = results.filter((result) => result.met);
  const missed = results.filter((result) => !result.met);
  return {
    title: `Goals: ${met.length} of ${results.length} met`,
    head: ['row', 'system', 'goal', 'got', 'met'],
    rows: [...missed, ...met].map(({ work, system, bound, got, met: isMet }) => [
      ...[work, system, bound, got, isMet ? 'yes' : 'no'],
    ]),
  };
}

/** One sentence per missed goal. */
export function missedGoals(results: readonly GoalResult[]): string[] {
  return results
    .filter(({ met }) => !met)
    .map(({ work, system, bound, got }) => `${work} of ${system}: expected ${bound}, got ${got}`);
}
