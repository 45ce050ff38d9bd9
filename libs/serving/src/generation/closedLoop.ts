import { runGenerator } from '@onda/runtime';
import type { Draws, FloatTensor, GeneratorCall, RuntimeTensor } from '@onda/runtime';
import type { Generator } from './generator.ts';
import type { ModelStats } from '../modelStats.ts';

/** A closed loop to run. */
export interface ClosedLoop {
  readonly generator: Generator;
  /** [batch, time, ...]. */
  readonly prompt: Samples;
  /** [batch, state] before the prompt; undefined: zeros. */
  readonly state: FloatTensor | undefined;
  /** Noise for all samples and the lag; undefined if nothing is drawn. */
  readonly draws: Draws | undefined;
  /** Samples to generate. */
  readonly samples: number;
}

/** Runs a task once there is a permit. */
export type RunWithPermit = <Result>(run: () => Promise<Result>) => Promise<Result>;

export interface LoopPiece {
  readonly values: Samples;
  /** State after the last fed value; null for a model without state, and in all pieces but the last. */
  readonly state: FloatTensor | null;
}

/**
 * Runs a closed loop in pieces; concatenated, they equal one run.
 *
 * @param most      samples of a piece; at least the lag, since a shorter run could not be continued
 * @param stats     count the runs
 * @param runWithPermit called for each run
 */
export function loopPieces(
  loop: ClosedLoop,
  most: number,
  stats: ModelStats,
  runWithPermit: RunWithPermit,
): AsyncGenerator<LoopPiece, void> {
  const size = Math.max(most, loop.generator.least);
  const run = (call: GeneratorCall): Promise<LoopPiece> =>
    runWithPermit(async () => {
      const { session, model } = loop.generator;
      const since = performance.now();
      const { y, state } = await runGenerator(session, model, call);
      stats.compute.add(performance.now() - since);
      stats.ran(call.prompt.dims[0]);
      return { values: y as Samples, state };
    });
  const { form, continuesExactly } = loop.generator;
  const seeded = form.draws?.kind === 'seed' ? form.draws : undefined;
  const again = seeded !== undefined && !(seeded.continues && continuesExactly);
  return again ? longerRuns(loop, size, run) : runsInTurn(loop, size, run);
}

type Run = (call: GeneratorCall) => Promise<LoopPiece>;

/** Each piece continues the previous one. */
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

/** The draws of a run that continues after `from` samples. */
function drawsFrom(draws: Draws | undefined, from: number, count: number): Draws | undefined {
  if (draws === undefined) return undefined;
  if ('seed' in draws) return { ...draws, from };
  return { noise: takeSamples(draws.noise, from, from + count) };
}

/**
 * With a seed the values must be the same each time, but a draw from outputs that differ in their last bits may give another class, and
 * a generator that takes only a seed would draw the first samples again. So each run begins at the prompt and is twice as long as the
 * previous one; together they take twice the time of one.
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

/** [batch, time, ...]. */
export type Samples = Extract<RuntimeTensor, { type: 'float32' | 'int32' }>;

/** A copy of the samples from `from` up to `to` of every row. */
export function takeSamples<Tensor extends Samples>(
  { type, dims, data }: Tensor,
  from: number,
  to: number,
): Tensor {
  const [batch, time, ...rest] = dims;
  const width = data.length / (batch * time);
  const all = new (data.constructor as Float32ArrayConstructor)(batch * (to - from) * width);
  for (let row = 0; row < batch; row++) {
    const start = row * time * width;
    all.set(data.subarray(start + from * width, start + to * width), row * (to - from) * width);
  }
  return { type, dims: [batch, to - from, ...rest], data: all } as unknown as Tensor;
}

/** Concatenates along the time axis. */
export function joinSamples(first: Samples, second: Samples): Samples {
  const [batch, time, ...rest] = first.dims;
  const length = time + second.dims[1];
  const width = first.data.length / (batch * time);
  const all = new (first.data.constructor as Float32ArrayConstructor)(batch * length * width);
  for (const [part, offset] of [
    [first, 0],
    [second, time],
  ] as const) {
    const size = part.dims[1] * width;
    for (let row = 0; row < batch; row++) {
      all.set(part.data.subarray(row * size, (row + 1) * size), (row * length + offset) * width);
    }
  }
  return { type: first.type, dims: [batch, length, ...rest], data: all } as unknown as Samples;
}
