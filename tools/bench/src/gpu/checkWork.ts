import { tensorNames } from '@onda/contract';
import { floatTensor } from '@onda/runtime';
import type { Runtime, RuntimeTensor, Session } from '@onda/runtime';
import type { GenerationWork } from '../generation/work.ts';
import { interleavedRounds } from '../rounds.ts';
import type { RoundPlan } from '../rounds.ts';

/** One file of a work: how far CUDA is from the CPU, and how long a run takes on each. */
export interface CheckedFile {
  name: string;
  difference: number;
  /** Absolute. */
  allowed: number;
  /** Milliseconds a run by system, one value a round. */
  times: Map<string, number[]>;
}

/** float32 with TF32 products, CUDA's default from Ampere on: 10 bits of a factor; values of these nets lie within about 1. */
const STEP_TOLERANCE = 1e-3;
/** A closed loop feeds its differences back. */
const LOOP_TOLERANCE = 1e-2;

/** Samples of the prompt, and those that are generated. */
const TIME = 20;

export async function checkWork(
  { name, batch }: GenerationWork,
  files: { model: Uint8Array; generator: Uint8Array },
  { cuda, cpu }: { cuda: Runtime; cpu: Runtime },
  plan: RoundPlan,
): Promise<CheckedFile[]> {
  const x = floatTensor(
    [batch, TIME, 1],
    Float32Array.from({ length: batch * TIME }, (_, index) => Math.sin(index * 0.157)),
  );
  const samples: RuntimeTensor = { type: 'int64', dims: [1], data: BigInt64Array.of(BigInt(TIME)) };
  const check = async (
    file: keyof typeof files,
    more: Record<string, RuntimeTensor>,
    allowed: number,
  ): Promise<CheckedFile> => {
    const sessions = {
      cuda: await cuda.createSession(files[file]),
      cpu: await cpu.createSession(files[file]),
    };
    try {
      const feeds = {
        [tensorNames.input]: x,
        [tensorNames.stateIn]: zeroState(sessions.cpu, batch),
        ...more,
      };
      const given = await sessions.cuda.run(feeds);
      const expected = await sessions.cpu.run(feeds);
      const times = await interleavedRounds(
        Object.entries(sessions).map(([system, session]) => ({
          name: system,
          run: (steps: number) => timeOf(session, feeds, steps),
        })),
        plan,
      );
      return { name: `${name}-${file}`, difference: largestDifference(given, expected), allowed, times };
    } finally {
      await sessions.cuda.release();
      await sessions.cpu.release();
    }
  };
  return [
    await check('model', {}, STEP_TOLERANCE),
    await check('generator', { [tensorNames.samples]: samples }, LOOP_TOLERANCE),
  ];
}

function zeroState({ inputs }: Session, batch: number): RuntimeTensor {
  const size = Number(inputs.find(({ name }) => name === tensorNames.stateIn)?.shape[1]);
  return floatTensor([batch, size], new Float32Array(batch * size));
}

async function timeOf(
  session: Session,
  feeds: Record<string, RuntimeTensor>,
  steps: number,
): Promise<number> {
  const since = performance.now();
  for (let step = 0; step < steps; step++) await session.run(feeds);
  return performance.now() - since;
}

function largestDifference(
  given: Readonly<Record<string, RuntimeTensor>>,
  expected: Readonly<Record<string, RuntimeTensor>>,
): number {
  let largest = 0;
  for (const [name, { data }] of Object.entries(expected)) {
    const other = given[name].data;
    data.forEach((value: unknown, index: number) => {
      const difference = Math.abs(Number(value) - Number(other[index]));
      // A NaN on one side alone is as far as can be.
      largest = Math.max(largest, Number.isNaN(difference) ? Infinity : difference);
    });
  }
  return largest;
}
