/** A system that does one work, ready to be measured. */
export interface Contestant {
  readonly name: string;
  /**
   * Does the work over and over.
   *
   * @returns milliseconds that all the steps took together
   */
  run(steps: number): Promise<number>;
}

export interface RoundPlan {
  rounds: number;
  /** How long a contestant's share of a round should take, in milliseconds. */
  targetMs: number;
  /** Rounds that a contestant takes part in when one step of it takes longer than four targets. */
  slowRounds: number;
}

/** Milliseconds a step of each contestant, one value for each round that it took part in. */
export type RoundTimes = Map<string, number[]>;

/**
 * Measures contestants in turn, A B C A B C ..., so that whatever else the machine does meets all of them alike.
 *
 * Steps before the first round warm up and find how many steps fill a turn; they do not count.
 */
export async function interleavedRounds(
  contestants: readonly Contestant[],
  plan: RoundPlan,
): Promise<RoundTimes> {
  const turns: { contestant: Contestant; steps: number; rounds: number; times: number[] }[] = [];
  for (const contestant of contestants) {
    const stepMs = await warmStepMs(contestant, plan.targetMs);
    turns.push({
      contestant,
      steps: Math.max(1, Math.round(plan.targetMs / stepMs)),
      rounds: stepMs > 4 * plan.targetMs ? Math.min(plan.rounds, plan.slowRounds) : plan.rounds,
      times: [],
    });
  }
  for (let round = 0; round < plan.rounds; round++) {
    for (const { contestant, steps, times, rounds } of turns) {
      if (round < rounds) times.push((await contestant.run(steps)) / steps);
    }
  }
  return new Map(turns.map(({ contestant, times }) => [contestant.name, times]));
}

/** Runs a contestant until it has run for half a turn without a break; milliseconds a step of that last stretch. */
async function warmStepMs(contestant: Contestant, targetMs: number): Promise<number> {
  for (let steps = 1; ;) {
    const elapsed = await contestant.run(steps);
    if (elapsed >= targetMs / 2) return elapsed / steps;
    const fitting = Math.ceil((steps * targetMs * 0.75) / Math.max(elapsed, 1e-3));
    steps = Math.min(Math.max(steps + 1, fitting), 8 * steps);
  }
}
