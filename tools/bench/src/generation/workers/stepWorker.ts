import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { answerLines } from '../../worker/answerLines.ts';
import type { helloAnswer } from '../../worker/openSystems.ts';
import { startSchema, toBase64 } from '../../training/start.ts';
import type { Start } from '../../training/start.ts';
import { promptOf } from '../start.ts';

/** A net whose prompt is fed but for its last value. */
export interface Primed {
  /**
   * Feeds `steps` values, the first of them the prompt's last, each other the prediction before.
   *
   * @param keep takes the predictions of each sample, [batch], where they are wanted
   * @returns milliseconds
   */
  generate(steps: number, threads: number, keep?: (values: Float32Array) => void): Promise<number> | number;
  dispose(): void;
}

export interface StepWorker {
  hello: () => Promise<z.infer<typeof helloAnswer>> | z.infer<typeof helloAnswer>;
  /**
   * @param file  the start's path
   * @param before [batch, time - 1, 1]
   * @param last   [batch]
   */
  prime: (start: Start, file: string, before: Float32Array, last: Float32Array) => Promise<Primed> | Primed;
}

/** Answers the questions of workerAnswers.ts for a system. */
export async function answerSteps({ hello, prime }: StepWorker): Promise<void> {
  let primed: Primed | null = null;
  const ready = (): Primed => {
    if (primed === null) throw new Error('nothing is prepared');
    return primed;
  };
  await answerLines({
    hello,
    prepare: async ({ start: file }: { start: string }) => {
      primed?.dispose();
      const start = startSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
      const { batch, samples } = start.work;
      const prompt = promptOf(start);
      const before = Float32Array.from({ length: batch * (samples - 1) }, (_, index) => {
        const row = Math.floor(index / (samples - 1));
        return prompt[row * samples + (index % (samples - 1))];
      });
      const last = Float32Array.from({ length: batch }, (_, row) => prompt[(row + 1) * samples - 1]);
      primed = await prime(start, file, before, last);
    },
    run: async ({ steps, threads }: { steps: number; threads: number }) => ({
      ms: await ready().generate(steps, threads),
    }),
    values: async ({ steps, threads }: { steps: number; threads: number }) => {
      const kept: number[] = [];
      await ready().generate(steps, threads, (values) => kept.push(...values));
      return { values: toBase64(Float32Array.from(kept)) };
    },
  });
}
