import type { Start } from '../netWorkload.ts';
import { fromBase64, readStart, toBase64 } from '../netWorkload.ts';
import type { Hello } from '../workers.ts';
import { answerRequests } from '../workers.ts';

/** A network to which the prompt without its last value has been fed. */
export interface Primed {
  /**
   * Feeds `steps` values: the prompt's last one, then each prediction.
   *
   * @param keep receives the predictions of each sample, [batch], where they are wanted
   * @returns milliseconds
   */
  generate(steps: number, threads: number, keep?: (values: Float32Array) => void): Promise<number> | number;
  dispose(): void;
}

/**
 * Answers the requests of a generation worker.
 *
 * @param prime gets the start and its path, the prompt without its last value [batch, time - 1, 1], and that value [batch]
 */
export async function answerSteps(
  hello: () => Promise<Hello> | Hello,
  prime: (start: Start, file: string, prompt: Float32Array, last: Float32Array) => Promise<Primed> | Primed,
): Promise<void> {
  let primed: Primed | null = null;
  const ready = (): Primed => {
    if (primed === null) throw new Error('expected "prepare" first');
    return primed;
  };
  await answerRequests({
    hello,
    prepare: async ({ start: file }: { start: string }) => {
      primed?.dispose();
      const start = readStart(file);
      const { batch, samples } = start.work;
      const x = fromBase64(start.x);
      const prompt = Float32Array.from({ length: batch * (samples - 1) }, (_, index) => {
        const row = Math.floor(index / (samples - 1));
        return x[row * samples + (index % (samples - 1))];
      });
      const last = Float32Array.from({ length: batch }, (_, row) => x[(row + 1) * samples - 1]);
      primed = await prime(start, file, prompt, last);
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
