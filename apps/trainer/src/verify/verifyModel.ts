import type { ParityRow } from '@onda/contract';
import type { Runtime, Session } from '@onda/runtime';
import { compareOutputs, zeroStates } from './compareOutputs.ts';
import type { Sizes, Values } from './drawInputs.ts';
import { drawInputs, isTime } from './drawInputs.ts';
import type { Plan } from './plan.ts';
import { masked, usual, wholePlan } from './plan.ts';
import { splitRow } from './splitRow.ts';
import type { Floats, Subject } from './subject.ts';
import { typedFeeds } from './typedFeeds.ts';

/**
 * Runs a model's file in a runtime and in TensorFlow.js over batch sizes, lengths, seeds, extreme values, and, where it keeps states, over
 * sequences in pieces.
 *
 * @param plan sizes, seeds and values; all of them when left out
 * @param say gets a line for what is left out, such as a length that the model itself does not take
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
    const lengths = shapes
      .filter(({ time }) => timed || time <= 2)
      .map((sizes) => (timed ? sizes : { ...sizes, time: 1 }));
    for (const sizes of lengths) {
      for (const seed of seeds) {
        const row = await valuesRow(runtime, session, subject, seed === 3 ? masked : usual, sizes, seed);
        if (typeof row !== 'string') rows.push(row);
        else if (seed === 1) say(`batch ${sizes.batch}, time ${sizes.time} left out: ${row}`);
      }
    }
    for (const values of extremes) {
      const row = await valuesRow(runtime, session, subject, values, { batch: 2, time: timed ? 20 : 1 }, 4);
      if (typeof row !== 'string') rows.push(row);
    }
    if (subject.manifest.state !== null && timed)
      for (const pieces of splits) rows.push(await splitRow(runtime, session, subject, pieces));
    return rows;
  } finally {
    await session.release();
  }
}

/** The row of one run; or why TensorFlow.js itself does not take these sizes. */
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
    return `TensorFlow.js does not take it (${error instanceof Error ? error.message.split('\n', 1)[0] : String(error)})`;
  }
  const actual = await session.run({ ...typedFeeds(subject, feeds), ...zeroStates(subject, sizes.batch) });
  const check = seed < 4 ? `${values.check}, seed ${seed}` : values.check;
  return compareOutputs({ check, runtime: runtime.name, ...sizes }, subject, expected, actual);
}
