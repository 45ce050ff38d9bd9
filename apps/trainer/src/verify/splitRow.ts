import type { ParityRow } from '@onda/contract';
import type { Runtime, RuntimeTensor, Session } from '@onda/runtime';
import { compareOutputs, zeroStates } from './compareOutputs.ts';
import { drawInputs, isTime } from './drawInputs.ts';
import { usual } from './plan.ts';
import { joinSamples, takeSamples } from './samples.ts';
import type { Floats, Subject } from './subject.ts';
import { stateNames } from './subject.ts';
import { typedFeeds } from './typedFeeds.ts';

/** A sequence in pieces, the states handed on, against the whole in TensorFlow.js. */
export async function splitRow(
  runtime: Runtime,
  session: Session,
  subject: Subject,
  pieces: readonly number[],
): Promise<ParityRow> {
  const time = pieces.reduce((sum, piece) => sum + piece, 0);
  const sizes = { batch: 2, time };
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
