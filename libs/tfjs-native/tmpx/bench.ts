import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { openBackend } from '../src/openBackend.ts';
import { registerNativeKernels } from '../src/nativeKernels.ts';
await openBackend({ want: 'tensorflow' });
if (process.env.NATIVE !== '0') registerNativeKernels('/tmp/tfnative-work/onda_kernels.node');
const tf = await import('@tensorflow/tfjs-core');
const { Net } = await import('@onda/nets');
const { Optimizer } = await import('../../training/src/optimizers/optimizer.ts');
const { ensureOptimizerKernel } = await import('../../training/src/optimizers/ensureOptimizerKernel.ts');
ensureOptimizerKernel();
const works = [
  { name: 'rnn-32-1-20', cell: 'rnn', units: 32, batch: 1, time: 20, layers: 1, features: 1, steps: 200, rounds: 12 },
  { name: 'rnn-128-32-50', cell: 'rnn', units: 128, batch: 32, time: 50, layers: 1, features: 1, steps: 30, rounds: 10 },
  { name: 'lstm-128-32-50', cell: 'lstm', units: 128, batch: 32, time: 50, layers: 1, features: 1, steps: 20, rounds: 10 },
  { name: 'gru-128-32-50', cell: 'gru', units: 128, batch: 32, time: 50, layers: 1, features: 1, steps: 20, rounds: 10 },
  { name: 'lstm-51-97-999', cell: 'lstm', units: 51, batch: 97, time: 999, layers: 1, features: 1, steps: 3, rounds: 5 },
  { name: 'lstm2-256-64-100', cell: 'lstm', units: 256, batch: 64, time: 100, layers: 2, features: 1, steps: 3, rounds: 5 },
] as const;
const only = process.argv[2];
const child = spawn('/tmp/torchvenv/bin/python', ['/tmp/tfnative-work/torch_bench.py'], { stdio: ['pipe', 'pipe', 'inherit'] });
const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
console.log((await lines.next()).value);
const q = (a: number[], f: number) => a.sort((x, y) => x - y)[Math.floor((a.length - 1) * f)].toFixed(3);
for (const w of works) {
  if (only && !w.name.includes(only)) continue;
  const net = Net.create({ cell: w.cell, units: w.units, layers: w.layers, features: w.features, outputs: 1, activation: 'tanh' } as any, (l: number, h: number) => l + (h - l) * Math.random());
  const opt = new Optimizer({ kind: 'adam', learningRate: 0.01 } as any, net.variables as any);
  const x = tf.randomNormal([w.batch, w.time, 1]) as any, y = tf.randomNormal([w.batch, w.time, 1]) as any;
  let state = net.zeroState(w.batch);
  const step = (): number[] => {
    const t0 = performance.now();
    const r = net.lossAndGradients(x, y, state, 'mse');
    const t1 = performance.now();
    opt.apply(r.gradients as any);
    tf.dispose([state, r.loss, r.prediction, ...r.gradients]);
    state = r.state;
    const t2 = performance.now();
    return [t1 - t0, t2 - t1, t2 - t0];
  };
  const ours: number[][] = [], theirs: number[][] = [];
  for (let i = 0; i < w.steps; i++) step();
  const before = tf.memory().numTensors;
  for (let r = 0; r < w.rounds; r++) {
    for (let i = 0; i < w.steps; i++) ours.push(step());
    child.stdin.write(JSON.stringify({ ...w, warm: r === 0 ? 3 : 0 }) + '\n');
    theirs.push(...JSON.parse((await lines.next()).value));
  }
  const col = (a: number[][], i: number) => a.map((v) => v[i]);
  const o = q(col(ours, 2), 0.5), t = q(col(theirs, 3), 0.5), o1 = q(col(ours, 2), 0.1), t1 = q(col(theirs, 3), 0.1);
  console.log(w.name.padEnd(18), `ours ${o} (p10 ${o1}; grads ${q(col(ours, 0), 0.5)} opt ${q(col(ours, 1), 0.5)})  torch ${t} (p10 ${t1}; f ${q(col(theirs, 0), 0.5)} b ${q(col(theirs, 1), 0.5)} o ${q(col(theirs, 2), 0.5)})  ratio ${(+o / +t).toFixed(2)} p10 ratio ${(+o1 / +t1).toFixed(2)} leak ${tf.memory().numTensors - before}`);
}
child.stdin.end();
