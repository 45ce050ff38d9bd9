import type { SweepConfig } from '@onda/contract';
import type { TrialOutcome } from './runTrial.ts';
import type { Trial, TrialResult } from './trials.ts';
import { firstTrials, nextTrials } from './trials.ts';

/** Runs trials: in processes of this machine, or on workers. */
export interface TrialRunner {
  /** Trials that run at a time. */
  readonly concurrency: number;
  run(trial: Trial): Promise<TrialOutcome>;
  close(): Promise<void>;
}

interface SweepRequest {
  config: Pick<SweepConfig, 'search' | 'values'>;
  runner: TrialRunner;
  /** Results of an interrupted sweep: these trials do not run again. */
  finished: readonly TrialResult[];
  /** Called after each trial; `left` trials of the round have not ended. */
  onResult: (result: TrialResult, left: number) => void;
}

/**
 * Runs all trials of a sweep, round by round.
 *
 * @returns the results of all rounds, in the order in which they came
 * @throws the first error of the runner, after the trials that run have ended; a fit that fails is a result
 */
export async function runSweep({ config, runner, finished, onResult }: SweepRequest): Promise<TrialResult[]> {
  const { search, values } = config;
  const all: TrialResult[] = [];
  let trials = firstTrials(search, values);
  while (trials.length > 0) {
    const round = await runRound(trials, runner, finished, onResult);
    all.push(...round);
    trials = nextTrials(search, round);
  }
  return all;
}

async function runRound(
  trials: readonly Trial[],
  runner: TrialRunner,
  finished: readonly TrialResult[],
  onResult: SweepRequest['onResult'],
): Promise<TrialResult[]> {
  const known = new Map(finished.map((result) => [result.id, result]));
  const results = trials.flatMap(({ id }) => known.get(id) ?? []);
  const waiting = trials.filter(({ id }) => !known.has(id));
  let left = waiting.length;
  let failed = false;
  const runNext = async (): Promise<void> => {
    for (let trial = waiting.shift(); trial !== undefined && !failed; trial = waiting.shift()) {
      const started = performance.now();
      try {
        const outcome = await runner.run(trial);
        const result = { ...trial, ...outcome, seconds: (performance.now() - started) / 1000 };
        results.push(result);
        onResult(result, --left);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const running = Array.from({ length: Math.min(runner.concurrency, waiting.length) }, runNext);
  const ended = await Promise.allSettled(running);
  const error = ended.find((one) => one.status === 'rejected');
  if (error !== undefined) throw error.reason;
  return results;
}
