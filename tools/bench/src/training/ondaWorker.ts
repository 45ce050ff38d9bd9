import { loadPyTorchWeights, Net } from '@onda/nets';
import type { ChunkSource } from '@onda/series';
import { fit, Optimizer } from '@onda/training';
import type { CarriedState } from '@onda/training';
import type { Start } from '../netWorkload.ts';
import { fromBase64, readStart, startWeights } from '../netWorkload.ts';
import { answerRequests } from '../workers.ts';
import { openWorkerBackend, productMs } from './tfjsBackend.ts';

/** Onda's training as a worker: `ondaWorker.ts tensorflow` with the native kernels, `ondaWorker.ts wasm` with those in WebAssembly. */
const want = process.argv[2] === 'wasm' ? 'wasm' : 'tensorflow';

interface Job {
  net: Net;
  optimizer: Optimizer;
  start: Start;
  x: Float32Array;
  y: Float32Array;
  carry: CarriedState | null;
  /** Completed steps. */
  step: number;
}

let job: Job | null = null;

await answerRequests({
  hello: () => openWorkerBackend(want),
  prepare: ({ start: path }: { start: string }) => {
    job?.optimizer.dispose();
    job?.net.dispose();
    const start = readStart(path);
    const net = Net.create(start.work.spec, () => 0);
    loadPyTorchWeights(net, startWeights(start));
    const optimizer = new Optimizer({ kind: 'adam', learningRate: start.learningRate }, net.variables);
    job = { net, optimizer, start, x: fromBase64(start.x), y: fromBase64(start.y), carry: null, step: 0 };
  },
  run: async ({ steps }: { steps: number }) => {
    if (job === null) throw new Error('expected "prepare" before "run"');
    const started = performance.now();
    const { losses, carry } = await fit({
      net: job.net,
      source: sourceOf(job),
      optimizer: job.optimizer,
      steps,
      carry: job.start.work.carry,
      resume: { step: 0, losses: new Float32Array(), carry: job.carry },
    });
    const ms = performance.now() - started;
    job.carry = carry;
    job.step += steps;
    return { ms, losses: Array.from(losses) };
  },
  product: productMs,
});

/** The job's chunks from its current step on. */
function sourceOf({ start, x, y, step: done }: Job): ChunkSource {
  const { work, chunks } = start;
  const { features, outputs } = work.spec;
  const rows = work.batch * work.samples;
  return {
    features,
    outputs,
    chunk: (step) => {
      const at = (done + step) % chunks;
      return {
        x: x.subarray(at * rows * features, (at + 1) * rows * features),
        y: y.subarray(at * rows * outputs, (at + 1) * rows * outputs),
        batch: work.batch,
        time: work.samples,
        features,
        outputs,
        startsSequence: done + step === 0,
      };
    },
  };
}
