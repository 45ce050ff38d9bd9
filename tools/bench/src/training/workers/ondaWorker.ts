import { readFileSync } from 'node:fs';
import { Net, loadPyTorchWeights } from '@onda/nets';
import type { ChunkSource } from '@onda/series';
import { fit, Optimizer } from '@onda/training';
import type { CarriedState } from '@onda/training';
import { answerLines } from '../../worker/answerLines.ts';
import { fromBase64, startSchema, startWeights } from '../start.ts';
import type { Start } from '../start.ts';
import { openForBench } from './openForBench.ts';
import { productMs } from './productMs.ts';

/** Onda's own training as a worker: `ondaWorker.ts tensorflow` with the native kernels, `ondaWorker.ts cpu` with the portable ones. */
const want = process.argv[2] === 'cpu' ? 'cpu' : 'tensorflow';

interface Job {
  net: Net;
  optimizer: Optimizer;
  start: Start;
  x: Float32Array;
  y: Float32Array;
  carry: CarriedState | null;
  /** Steps done. */
  step: number;
}

let job: Job | null = null;

await answerLines({
  hello: () => openForBench(want, want === 'tensorflow'),
  prepare: ({ start: path }: { start: string }) => {
    job?.optimizer.dispose();
    job?.net.dispose();
    const start = startSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
    const net = Net.create(start.work.spec, () => 0);
    loadPyTorchWeights(net, startWeights(start));
    const optimizer = new Optimizer({ kind: 'adam', learningRate: start.learningRate }, net.variables);
    job = { net, optimizer, start, x: fromBase64(start.x), y: fromBase64(start.y), carry: null, step: 0 };
  },
  run: async ({ steps }: { steps: number }) => {
    if (job === null) throw new Error('nothing is prepared');
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
  product: ({ size, steps }: { size: number; steps: number }) => ({ ms: productMs(size, steps) }),
});

/** The job's chunks, from the step that it has come to. */
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
