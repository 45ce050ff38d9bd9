import { runGenerator } from '@onda/runtime';
import type { Draws, FloatTensor, GeneratorCall } from '@onda/runtime';
import type { ModelStats } from '../modelStats.ts';
import type { Generator } from './generator.ts';
import { joinSamples, takeSamples } from './timeAxis.ts';
import type { Samples } from './timeAxis.ts';

/** A closed loop that has not run yet. */
export interface ClosedLoop {
  readonly generator: Generator;
  /** [batch, time, ...]. */
  readonly prompt: Samples;
  /** [batch, state] before the prompt; undefined: zeros. */
  readonly state: FloatTensor | undefined;
  /** Noise is for all samples and the lag besides; undefined where nothing is drawn. */
  readonly draws: Draws | undefined;
  /** How many are wanted. */
  readonly samples: number;
}

/** Does a run when its turn comes. */
export type TakeTurn = <Result>(run: () => Promise<Result>) => Promise<Result>;

export interface LoopPiece {
  readonly values: Samples;
  /** After the last value that was fed; null where there is none, and in all pieces of a run but the last. */
  readonly state: FloatTensor | null;
}

/**
 * Runs a closed loop a piece at a time: the pieces joined are what one run gives.
 *
 * @param most     samples of a piece; raised to the lag, since no run can be shorter and go on
 * @param stats    count the runs
 * @param takeTurn asked for each run
 */
export function loopPieces(
  loop: ClosedLoop,
  most: number,
  stats: ModelStats,
  takeTurn: TakeTurn,
): AsyncGenerator<LoopPiece, void> {
  const size = Math.max(most, loop.generator.least);
  const run = (call: GeneratorCall): Promise<LoopPiece> =>
    takeTurn(async () => {
      const { session, model } = loop.generator;
      const since = performance.now();
      const { y, state } = await runGenerator(session, model, call);
      stats.compute.add(performance.now() - since);
      stats.ran(call.prompt.dims[0]);
      return { values: y as Samples, state };
    });
  const { form, goesOnExactly } = loop.generator;
  const seeded = form.draws?.kind === 'seed' ? form.draws : undefined;
  const again = seeded !== undefined && !(seeded.continues && goesOnExactly);
  return again ? longerRuns(loop, size, run) : runsInTurn(loop, size, run);
}

type Run = (call: GeneratorCall) => Promise<LoopPiece>;

/** Each piece goes on where the one before it ended. */
async function* runsInTurn(
  { generator: { least, lag }, samples, draws, ...start }: ClosedLoop,
  most: number,
  run: Run,
): AsyncGenerator<LoopPiece, void> {
  let { prompt, state } = start as { prompt: Samples; state: FloatTensor | undefined };
  for (let done = 0; done < samples;) {
    const count = Math.min(samples - done, most);
    const made = await run({
      prompt,
      state,
      samples: count,
      draws: drawsFrom(draws, done, Math.max(count, lag)),
    });
    done += count;
    const { values } = made;
    yield { values, state: done === samples ? made.state : null };
    if (done === samples) return;
    const known = joinSamples(prompt, values);
    prompt = takeSamples(known, known.dims[1] - least, known.dims[1]);
    state = made.state ?? undefined;
  }
}

/** What a run draws from, behind so many samples. */
function drawsFrom(draws: Draws | undefined, from: number, count: number): Draws | undefined {
  if (draws === undefined) return undefined;
  if ('seed' in draws) return { ...draws, from };
  return { noise: takeSamples(draws.noise, from, from + count) };
}

/**
 * Who gives a seed wants the same values each time, and what is drawn of outputs that differ in their last bits may be another class. A
 * generator that takes a seed alone would even draw the first samples again. So each run begins at the prompt and is twice as long as
 * the one before it; together they take twice the time of one.
 */
async function* longerRuns(
  { prompt, state, draws, samples }: ClosedLoop,
  most: number,
  run: Run,
): AsyncGenerator<LoopPiece, void> {
  let done = 0;
  for (let until = most; done < samples; until *= 2) {
    const length = Math.min(until, samples);
    const made = await run({ prompt, state, samples: length, draws });
    for (; done < length; done = Math.min(length, done + most)) {
      const end = Math.min(length, done + most);
      yield {
        values: takeSamples(made.values, done, end),
        state: end === samples ? made.state : null,
      };
    }
  }
}
