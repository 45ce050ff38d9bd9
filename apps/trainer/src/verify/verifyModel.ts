import type { ParityRow } from '@onda/contract';
import { typedArrays } from '@onda/contract';
import { UnsupportedError } from '@onda/exporter';
import type { FloatTensor, Runtime, RuntimeTensor, Session } from '@onda/runtime';
import { floatTensor } from '@onda/runtime';
import type { Comparison } from '../export/compare.ts';
import { compareValues } from '../export/compare.ts';
import type { Plan, Sizes, Values } from './plan.ts';
import { drawInputs, masked, usual, wholePlan } from './plan.ts';
import type { Floats, Subject } from './subject.ts';
import { isTime, stateNames } from './subject.ts';

/**
 * Compares a file in a runtime with TensorFlow.js over batch sizes, lengths, seeds, extreme values and, for a stateful model, sequences
 * in pieces.
 *
 * @param plan sizes, seeds and values; default: all
 * @param say  receives a line for each skipped run, such as a length that the model does not accept
 */
export async function verifyModel(
  runtime: Runtime,
  subject: Subject,
  bytes: Uint8Array,
  say: (line: string) => void,
  { shapes, seeds, extremes, splits }: Plan = wholePlan,
): Promise<ParityRow[]> {
  const session = await runtime.createSession(bytes);
  try {
    const rows: ParityRow[] = [];
    const timed = subject.inputs.some(({ shape }) => shape.some(isTime));
    for (const sizes of sizesOf(subject, shapes, timed)) {
      for (const seed of seeds) {
        const row = await valuesRow(runtime, session, subject, seed === 3 ? masked : usual, sizes, seed);
        if (typeof row !== 'string') rows.push(row);
        else if (seed === 1) say(`batch ${sizes.batch}, time ${sizes.time} skipped: ${row}`);
      }
    }
    for (const values of extremes) {
      const [sizes] = sizesOf(subject, [{ batch: 2, time: 20 }], timed);
      const row = await valuesRow(runtime, session, subject, values, sizes, 4);
      if (typeof row !== 'string') rows.push(row);
    }
    if (subject.manifest.state !== null && timed)
      for (const pieces of splitsOf(subject, splits))
        rows.push(await splitRow(runtime, session, subject, pieces));
    return rows;
  } finally {
    await session.release();
  }
}

/** The sizes to compare: those of the plan, with the sizes that the source fixes. */
function sizesOf({ fixed }: Subject, shapes: readonly Sizes[], timed: boolean): Sizes[] {
  const all = shapes.map(({ batch, time }) => ({
    batch: fixed?.batch ?? batch,
    time: timed ? (fixed?.time ?? time) : 1,
  }));
  return all.filter(
    ({ batch, time }, index) => all.findIndex((one) => one.batch === batch && one.time === time) === index,
  );
}

/** The pieces to compare; for a source of fixed time, pieces of that length. */
function splitsOf({ fixed }: Subject, splits: Plan['splits']): Plan['splits'] {
  const time = fixed?.time ?? null;
  if (time === null) return splits;
  const pieces = [[1, time - 1], [time - 1, 1], Array<number>(time).fill(1)];
  return time < 2 ? [] : pieces.slice(0, Math.max(1, Math.min(splits.length, time === 2 ? 1 : 3)));
}

/** The row of one run, or the reason why TensorFlow.js does not accept these sizes. */
async function valuesRow(
  runtime: Runtime,
  session: Session,
  subject: Subject,
  values: Values,
  sizes: Sizes,
  seed: number,
): Promise<ParityRow | string> {
  const feeds = drawInputs(subject, values, sizes, 100 * seed + sizes.time);
  let expected: Floats;
  try {
    expected = subject.run(feeds);
  } catch (error) {
    // Another reference is needed for a layer that the interpreter does not know.
    if (error instanceof UnsupportedError) throw error;
    return `TensorFlow.js does not accept it (${error instanceof Error ? error.message.split('\n', 1)[0] : String(error)})`;
  }
  const actual = await session.run({ ...typedFeeds(subject, feeds), ...zeroStates(subject, sizes.batch) });
  const check = seed < 4 ? `${values.check}, seed ${seed}` : values.check;
  return compareOutputs({ check, runtime: runtime.name, ...sizes }, subject, expected, actual);
}

/** Compares a sequence in pieces, with the states passed on, with the whole in TensorFlow.js. */
async function splitRow(
  runtime: Runtime,
  session: Session,
  subject: Subject,
  pieces: readonly number[],
): Promise<ParityRow> {
  const time = pieces.reduce((sum, piece) => sum + piece, 0);
  const sizes = { batch: subject.fixed?.batch ?? 2, time };
  const whole = drawInputs(subject, usual, sizes, 5);
  const expected = subject.run(whole);
  let states: Record<string, RuntimeTensor> = zeroStates(subject, sizes.batch);
  let start = 0;
  const results: Record<string, RuntimeTensor>[] = [];
  for (const piece of pieces) {
    const part = Object.fromEntries(
      subject.inputs.map(({ name, shape }) => {
        const axis = shape.findIndex(isTime);
        return [name, axis < 0 ? whole[name] : takeSamples(whole[name], axis, start, start + piece)];
      }),
    );
    const result = await session.run({ ...typedFeeds(subject, part), ...states });
    states = Object.fromEntries(
      stateNames(subject.manifest.state).map(({ input, output }) => [input, result[output]]),
    );
    results.push(result);
    start += piece;
  }
  const joined = Object.fromEntries(
    subject.outputs.map(({ name, shape }) => {
      const axis = shape.findIndex(isTime);
      const parts = results.map((result) => result[name] as Floats[string]);
      return [name, axis < 0 ? parts[parts.length - 1] : joinSamples(parts, axis)];
    }),
  );
  const text = pieces.length > 2 ? 'sample by sample' : `split ${pieces.join(' + ')}`;
  return compareOutputs({ check: text, runtime: runtime.name, ...sizes }, subject, expected, joined);
}

/** Zero states of a model. */
function zeroStates({ manifest }: Subject, batch: number): Record<string, RuntimeTensor> {
  return Object.fromEntries(
    stateNames(manifest.state).map(({ input, size }) => [
      input,
      floatTensor([batch, size], new Float32Array(batch * size)),
    ]),
  );
}

/** The row of the output that is worst relative to its bound. */
function compareOutputs(
  comparison: Comparison,
  { outputs, relative, reference }: Subject,
  expected: Floats,
  actual: Readonly<Record<string, RuntimeTensor>>,
): ParityRow {
  const check = reference === undefined ? comparison.check : `${comparison.check}, ${reference}`;
  const rows = outputs.map(({ name }) =>
    compareValues(
      { ...comparison, check },
      expected[name].data,
      Float32Array.from(actual[name].data as Float32Array),
      relative,
    ),
  );
  return rows.reduce((worst, row) =>
    row.maxAbs / row.tolerance > worst.maxAbs / worst.tolerance ? row : worst,
  );
}

/** Converts the feeds to the types of the file. */
function typedFeeds({ inputs }: Subject, feeds: Floats): Record<string, RuntimeTensor> {
  return Object.fromEntries(
    inputs.map(({ name, type }): [string, RuntimeTensor] => {
      const { dims, data } = feeds[name];
      return [name, type === 'int32' ? { type, dims, data: typedArrays.int32.from(data) } : feeds[name]];
    }),
  );
}

const product = (dims: readonly number[]): number => dims.reduce((size, dim) => size * dim, 1);

/** Slices [from, to) along an axis. */
export function takeSamples(
  { dims, data }: FloatTensor,
  axis: number,
  from: number,
  to: number,
): FloatTensor {
  const before = product(dims.slice(0, axis));
  const after = product(dims.slice(axis + 1));
  const taken = new Float32Array(before * (to - from) * after);
  for (let row = 0; row < before; row++) {
    const start = row * dims[axis] * after;
    taken.set(data.subarray(start + from * after, start + to * after), row * (to - from) * after);
  }
  return floatTensor([...dims.slice(0, axis), to - from, ...dims.slice(axis + 1)], taken);
}

/** Concatenates pieces along an axis. */
export function joinSamples(parts: readonly FloatTensor[], axis: number): FloatTensor {
  const [{ dims }] = parts;
  const before = product(dims.slice(0, axis));
  const total = parts.reduce((sum, part) => sum + part.dims[axis], 0);
  const after = product(dims.slice(axis + 1));
  const whole = new Float32Array(before * total * after);
  let offset = 0;
  for (const part of parts) {
    const size = part.dims[axis] * after;
    for (let row = 0; row < before; row++)
      whole.set(part.data.subarray(row * size, (row + 1) * size), row * total * after + offset);
    offset += size;
  }
  return floatTensor([...dims.slice(0, axis), total, ...dims.slice(axis + 1)], whole);
}
