import { startStream } from './stream.ts';
import type { ClosedLoopModel } from './stream.ts';

const runs = 5;
const samplesOfGenerator = 2000;
const samplesOfLoop = 50;

/**
 * Measures the closed loop on this machine.
 *
 * @returns microseconds per sample: the median of 5 runs of 2000 samples (50 if each sample is its own run), from call to
 *   result, including the messages to the worker and back
 */
export async function timeSample(model: ClosedLoopModel, prompt: Float32Array): Promise<number> {
  const samples = model.generator ? samplesOfGenerator : samplesOfLoop;
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    await startStream(model, prompt).next(samples);
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return (times[Math.floor(runs / 2)] * 1000) / samples;
}
