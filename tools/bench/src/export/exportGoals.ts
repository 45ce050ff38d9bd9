import { median, roundRatios } from '../statistics.ts';
import type { MeasuredExport } from './measureExport.ts';

/** Seconds, unless said otherwise. */
const goals = {
  /** Inside a running process, a model of the first job's size. */
  insideSmall: 0.05,
  /** Inside a running process, ten million weights. */
  insideLarge: 1,
  /** As a command, any model of usual size. */
  command: 1,
  difference: 1e-5,
  /** Peak memory beside the weights', in their size: weights in ONNX's order, and the file; a twentieth for the names in it and whole pages. */
  memory: 2.05,
  /** Inference beside the quicker road; 1 and what two runs of one file differ by. */
  inference: 1.05,
} as const;

/** Models of at most so many weights are of usual size. */
const usualWeights = 1_000_000;

export interface Peak {
  /** Bytes by which the process grew. */
  readonly bytes: number;
  readonly weights: number;
}

/** Which goals our export misses, a sentence each. */
export function missedGoals(measured: readonly MeasuredExport[], peak: Peak | null): string[] {
  const missed = measured.flatMap(missedByWork);
  if (peak !== null && peak.bytes > goals.memory * peak.weights)
    missed.push(
      `memory: expected at most ${goals.memory} times the weights, got ${(peak.bytes / peak.weights).toFixed(2)}`,
    );
  return missed;
}

function missedByWork({ work: { name }, weights, outcomes }: MeasuredExport): string[] {
  const ours = outcomes.get('onda');
  if (ours === undefined) return [];
  if ('refused' in ours) return [`${name}: expected an ONNX file, got "${ours.refused}"`];
  const missed: string[] = [];
  const need = (holds: boolean, text: string): void => {
    if (!holds) missed.push(`${name}: expected ${text}`);
  };
  const small = weights <= usualWeights;
  const inside = median(ours.inside);
  const most = small ? goals.insideSmall : goals.insideLarge;
  need(inside <= most, `at most ${most} s inside a process, got ${inside.toFixed(3)} s`);
  if (small) {
    const command = median(ours.command);
    need(command <= goals.command, `at most ${goals.command} s as a command, got ${command.toFixed(2)} s`);
  }
  need(ours.contents.loops === 0, `no Loop, got ${ours.contents.loops}`);
  need(
    ours.difference <= goals.difference,
    `a difference of at most ${goals.difference}, got ${ours.difference.toExponential(1)}`,
  );
  for (const [system, other] of outcomes) {
    if (system === 'onda' || 'refused' in other) continue;
    need(
      ours.contents.nodes <= other.contents.nodes,
      `at most the ${other.contents.nodes} nodes of ${system}, got ${ours.contents.nodes}`,
    );
    const ratio = median(roundRatios(ours.inference, other.inference));
    need(
      ratio <= goals.inference,
      `inference no slower than the file of ${system}, got ${ratio.toFixed(2)} times its time`,
    );
  }
  return missed;
}
