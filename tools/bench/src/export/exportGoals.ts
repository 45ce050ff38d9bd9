import type { Goal } from '../report/goals.ts';
import { median, roundRatios } from '../statistics.ts';
import type { MeasuredExport, Outcome } from './measureExport.ts';

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

/** What our export is held to, and what came. */
export function exportGoals(measured: readonly MeasuredExport[], peak: Peak | null): Goal[] {
  const held = measured.flatMap(goalsOfWork);
  if (peak === null) return held;
  const memory: Goal = {
    goal: 'memory',
    bound: `at most ${goals.memory} times the weights`,
    got: (peak.bytes / peak.weights).toFixed(2),
    met: peak.bytes <= goals.memory * peak.weights,
  };
  return [...held, memory];
}

function goalsOfWork({ work: { name }, weights, outcomes }: MeasuredExport): Goal[] {
  const ours = outcomes.get('onda');
  if (ours === undefined) return [];
  if ('refused' in ours) return [{ goal: name, bound: 'an ONNX file', got: `"${ours.refused}"`, met: false }];
  const small = weights <= usualWeights;
  const inside = median(ours.inside);
  const most = small ? goals.insideSmall : goals.insideLarge;
  const command = median(ours.command);
  return [
    {
      goal: name,
      bound: `at most ${most} s inside a process`,
      got: `${inside.toFixed(3)} s`,
      met: inside <= most,
    },
    ...(small
      ? [
          {
            goal: name,
            bound: `at most ${goals.command} s as a command`,
            got: `${command.toFixed(2)} s`,
            met: command <= goals.command,
          },
        ]
      : []),
    { goal: name, bound: 'no Loop', got: String(ours.contents.loops), met: ours.contents.loops === 0 },
    {
      goal: name,
      bound: `a difference of at most ${goals.difference}`,
      got: ours.difference.toExponential(1),
      // Not the opposite of "greater": a difference that is no number is none.
      met: ours.difference <= goals.difference,
    },
    ...[...outcomes].flatMap(([system, other]) =>
      system === 'onda' || 'refused' in other ? [] : goalsBeside(name, ours, system, other),
    ),
  ];
}

type Made = Exclude<Outcome, { refused: string }>;

function goalsBeside(name: string, ours: Made, system: string, other: Made): Goal[] {
  const ratio = median(roundRatios(ours.inference, other.inference));
  return [
    {
      goal: name,
      bound: `at most the ${other.contents.nodes} nodes of ${system}`,
      got: String(ours.contents.nodes),
      met: ours.contents.nodes <= other.contents.nodes,
    },
    {
      goal: name,
      bound: `inference no slower than the file of ${system}`,
      got: `${ratio.toFixed(2)} times its time`,
      met: ratio <= goals.inference,
    },
  ];
}
