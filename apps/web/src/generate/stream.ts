import type { FloatTensor, SequenceModel, Session } from '@onda/runtime';
import { floatTensor, generate, generateClosedLoop } from '@onda/runtime';

/** The engine of a closed loop: generator.onnx if the model has one, else a loop over model.onnx. */
export interface ClosedLoopModel {
  readonly sequence: SequenceModel;
  readonly generator: Session | null;
}

/** A closed loop in pieces; the concatenated pieces equal one run. */
export interface Stream {
  /** @returns the next `samples` values, row-major [samples, features] */
  next(samples: number): Promise<Float32Array>;
}

/**
 * Starts a closed loop. Calls of `next` must not overlap.
 *
 * After a run of at least `lag` samples the last `lag` values are still to be fed, and the state is that before them: they
 * are the next run's prompt. So no run is shorter than the lag; extra samples are kept for the next piece.
 *
 * @param prompt row-major [time, features], time at least the lag
 */
export function startStream({ sequence, generator }: ClosedLoopModel, prompt: Float32Array): Stream {
  const { manifest } = sequence;
  const { features } = manifest.net;
  const { lag } = manifest;
  let unfed = prompt;
  let kept = new Float32Array(0);
  let state: FloatTensor | undefined;
  let runs = 0n;

  const run = async (samples: number): Promise<Float32Array> => {
    const x = floatTensor([1, unfed.length / features, features], unfed);
    // Each run has its own seed: the same seed would draw the same values again.
    const draws = manifest.sampling === null ? undefined : { seed: ++runs };
    const result = generator
      ? await generate(generator, manifest, x, state, samples, draws)
      : await generateClosedLoop(sequence, x, state, samples);
    unfed = result.y.data.slice(-lag * features);
    state = result.state;
    return result.y.data;
  };

  return {
    async next(samples) {
      const wanted = samples * features;
      const missing = Math.ceil((wanted - kept.length) / features);
      const fresh = missing > 0 ? await run(Math.max(missing, lag)) : new Float32Array(0);
      const all = new Float32Array(kept.length + fresh.length);
      all.set(kept);
      all.set(fresh, kept.length);
      kept = all.slice(wanted);
      return all.slice(0, wanted);
    },
  };
}

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
