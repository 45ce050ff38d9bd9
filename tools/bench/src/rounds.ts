import type { BenchOptions } from './bench.ts';

/** Something that repeats a workload. */
export interface Subject {
  readonly name: string;
  /** @returns milliseconds of all steps together */
  run(steps: number): Promise<number>;
}

export interface RoundPlan {
  rounds: number;
  /** Length of a subject's part of a round, milliseconds. */
  targetMs: number;
  /** Rounds of a subject whose step takes longer than four targets. */
  slowRounds: number;
}

/** The plan of a run: `--quick` selects the short one, `--rounds` replaces its rounds. */
export function planOf(
  { quick, rounds }: Pick<BenchOptions, 'quick' | 'rounds'>,
  plans: Readonly<Record<'usual' | 'quick', RoundPlan>>,
): RoundPlan {
  const plan = plans[quick ? 'quick' : 'usual'];
  return { ...plan, rounds: rounds ?? plan.rounds };
}

/**
 * Measures subjects in interleaved rounds, A B C A B C ..., so that whatever else the machine does affects all of them alike.
 *
 * The steps before the first round warm up and determine how many steps fill a part; they do not count.
 *
 * @returns milliseconds per step of each round, by subject
 */
export async function interleavedRounds(
  subjects: readonly Subject[],
  plan: RoundPlan,
): Promise<Map<string, number[]>> {
  const parts: { subject: Subject; steps: number; rounds: number; times: number[] }[] = [];
  for (const subject of subjects) {
    const stepMs = await warmStepMs(subject, plan.targetMs);
    parts.push({
      subject,
      steps: Math.max(1, Math.round(plan.targetMs / stepMs)),
      rounds: stepMs > 4 * plan.targetMs ? Math.min(plan.rounds, plan.slowRounds) : plan.rounds,
      times: [],
    });
  }
  for (let round = 0; round < plan.rounds; round++) {
    for (const { subject, steps, times, rounds } of parts) {
      if (round < rounds) times.push((await subject.run(steps)) / steps);
    }
  }
  return new Map(parts.map(({ subject, times }) => [subject.name, times]));
}

/** Runs a subject until it has run for half a target without a break; milliseconds per step of that last stretch. */
async function warmStepMs(subject: Subject, targetMs: number): Promise<number> {
  for (let steps = 1; ;) {
    const elapsed = await subject.run(steps);
    if (elapsed >= targetMs / 2) return elapsed / steps;
    const fitting = Math.ceil((steps * targetMs * 0.75) / Math.max(elapsed, 1e-3));
    steps = Math.min(Math.max(steps + 1, fitting), 8 * steps);
  }
}
