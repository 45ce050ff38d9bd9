import type { Floats, LoadedModel } from '../support/onnxRuntime.ts';
import { floats } from '../support/onnxRuntime.ts';
import type { MatrixRun } from './matrixRun.ts';
import { differences } from './matrixRun.ts';

/**
 * Runs a sequence in two pieces through a stateful export, passes the states on, and compares the outputs with one run: sequences
 * joined, last values as the second piece gives them.
 *
 * @returns what is wrong, a sentence each
 */
export async function splitProblems(loaded: LoadedModel, run: MatrixRun, time: number): Promise<string[]> {
  const first = Math.ceil(time / 3);
  const { state_in: start, ...feeds } = run.feeds;
  const [batch] = start.dims;
  const piece = (from: number, to: number): Record<string, Floats> =>
    Object.fromEntries(Object.entries(feeds).map(([name, values]) => [name, samples(values, from, to)]));
  const before = await loaded.run({ ...piece(0, first), state_in: start });
  const after = await loaded.run({ ...piece(first, time), state_in: before['state_out'] });
  const joined = Object.entries(run.expected).map(([name, { dims }]) => {
    const sequence = dims.length === 3 && dims[1] === time && before[name].dims[1] === first;
    return [name, sequence ? join(before[name], after[name], batch) : after[name]];
  });
  return differences(
    Object.fromEntries(joined) as Record<string, Floats>,
    run,
    `in pieces of ${first} and ${time - first}`,
  );
}

/** Samples [from, to) of [batch, time, ...]. */
function samples({ dims, data }: Floats, from: number, to: number): Floats {
  const [batch, time, ...rest] = dims;
  const size = rest.reduce((product, dim) => product * dim, 1);
  const rows = Array.from({ length: batch }, (_, row) =>
    Array.from(data.subarray((row * time + from) * size, (row * time + to) * size)),
  );
  return floats([batch, to - from, ...rest], rows.flat());
}

/** Two pieces one after the other along the time. */
function join(a: Floats, b: Floats, batch: number): Floats {
  const rows = Array.from({ length: batch }, (_, row) =>
    [a, b].flatMap(({ data }) => {
      const size = data.length / batch;
      return Array.from(data.subarray(row * size, (row + 1) * size));
    }),
  );
  return floats([batch, a.dims[1] + b.dims[1], ...a.dims.slice(2)], rows.flat());
}
