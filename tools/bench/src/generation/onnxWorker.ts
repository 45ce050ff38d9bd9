import { availableParallelism } from 'node:os';
import { readFileSync } from 'node:fs';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Primed } from './stepWorker.ts';
import { answerSteps } from './stepWorker.ts';

/** onnxruntime-node as a worker: `onnxWorker.ts model` with one run per sample, `onnxWorker.ts generator` with the loop in the graph. */
const inGraph = process.argv[2] === 'generator';

/** Values of one run of the generator, which keeps h of all its samples; the next run continues from its state. */
const VALUES_PER_RUN = 16_384;

/** Least samples of one run. */
const LEAST_SAMPLES = 64;

const { version } = JSON.parse(
  readFileSync(new URL('package.json', import.meta.resolve('onnxruntime-node/package.json')), 'utf8'),
) as { version: string };

await answerSteps(
  () => ({ version: `onnxruntime-node ${version}`, threads: availableParallelism() }),
  async ({ work: { batch, samples } }, file, prompt, last) => {
    const load = (name: string, threads: number): Promise<InferenceSession> =>
      InferenceSession.create(file.replace(/\.json$/, `.${name}.onnx`), {
        executionProviders: ['cpu'],
        intraOpNumThreads: threads,
      });
    const model = await load('model', 1);
    const size = Number(model.inputMetadata[1].isTensor ? model.inputMetadata[1].shape[1] : 0);
    const primed = await model.run({
      x: new Tensor('float32', prompt, [batch, samples - 1, 1]),
      state_in: new Tensor('float32', new Float32Array(batch * size), [batch, size]),
    });
    const sessions = new Map<number, InferenceSession>();
    for (const threads of [1, 0]) sessions.set(threads, await load(inGraph ? 'generator' : 'model', threads));
    const start = {
      x: new Tensor('float32', last, [batch, 1, 1]),
      state_in: primed['state_out'],
    };
    const most = Math.max(LEAST_SAMPLES, Math.floor(VALUES_PER_RUN / batch));
    const dispose = (): void => {
      for (const session of [model, ...sessions.values()]) void session.release();
    };
    const generate: Primed['generate'] = async (steps, threads, keep) => {
      const session = sessions.get(threads);
      if (session === undefined) throw new Error(`expected 1 or 0 threads, got ${threads}`);
      const started = performance.now();
      let feeds: Record<string, Tensor> = start;
      for (let done = 0; done < steps;) {
        const piece = inGraph ? Math.min(most, steps - done) : 1;
        if (inGraph) feeds = { ...feeds, samples: new Tensor('int64', BigInt64Array.of(BigInt(piece)), [1]) };
        const results = await session.run(feeds);
        const y = results['y'];
        if (keep) for (let sample = 0; sample < piece; sample++) keep(sampleOf(y, piece, sample));
        done += piece;
        const x = piece === 1 ? y : new Tensor('float32', sampleOf(y, piece, piece - 1), [batch, 1, 1]);
        feeds = { x, state_in: results['state_out'] };
      }
      return performance.now() - started;
    };
    return { generate, dispose };
  },
);

/** One sample of y [batch, time, 1]. */
function sampleOf(y: Tensor, time: number, sample: number): Float32Array {
  const data = y.data as Float32Array;
  return Float32Array.from({ length: data.length / time }, (_, row) => data[row * time + sample]);
}
