import { openBackend } from '../src/openBackend.ts';
import { registerNativeKernels } from '../src/nativeKernels.ts';
console.log(await openBackend({ want: 'tensorflow' }));
registerNativeKernels('/tmp/tfnative-work/onda_kernels.node');
const tf = await import('@tensorflow/tfjs-core');
const { recurrent, recurrentAttributes, recurrentGrad } = await import('@onda/nets');
const [B, T, F, U] = [1, 20, 1, 32];
const r = (s: number[]) => tf.randomUniform(s, -0.2, 0.2);
for (const cell of ['rnn', 'lstm', 'gru'] as const) {
  const G = { rnn: 1, lstm: 4, gru: 3 }[cell] * U;
  const inputs: any = { x: r([B, T, F]), kernel: r([F, G]), recurrentKernel: r([U, G]), bias: r([G]), recurrentBias: r([G]), h0: r([B, U]) };
  if (cell === 'lstm') inputs.c0 = r([B, U]);
  const at = recurrentAttributes({ cell, training: true, inputGradient: false });
  const dy: any = r([B, T, U]), dh: any = r([B, U]);
  
  let mF = 1e9, mB = 1e9;
  for (let rep = 0; rep < 40; rep++) {
    const N = 100; let tF = 0, tB = 0;
    for (let i = 0; i < N; i++) {
      const t0 = performance.now();
      const o = recurrent(inputs, at);
      const t1 = performance.now();
      const g = recurrentGrad({ ...inputs, y: o.y, reserve: o.reserve, dy, dh, dc: cell === 'lstm' ? dh : undefined }, at);
      const t2 = performance.now();
      tf.dispose([...Object.values(o), ...Object.values(g)].filter((v) => v) as any);
      tF += t1 - t0; tB += t2 - t1;
    }
    mF = Math.min(mF, tF / N * 1e3); mB = Math.min(mB, tB / N * 1e3);
  }
  console.log(cell, 'fwd us', mF.toFixed(1), 'bwd us', mB.toFixed(1));
}
try { recurrent({ x: r([2, 3, 1]), kernel: r([1, 4]), recurrentKernel: r([4, 5]), bias: r([4]), recurrentBias: r([4]), h0: r([2, 4]) } as any, recurrentAttributes({ cell: 'rnn' })); } catch (e: any) { console.log(e.message); }
try { tf.engine().runKernel('OndaRecurrent', [r([2, 3, 1]), r([1, 4]), r([4, 5]), r([4]), r([4]), r([2, 4])] as any, recurrentAttributes({ cell: 'rnn' }) as any); } catch (e: any) { console.log(e.message); }
// optimizer
const P = [[1, 32], [32, 32], [32], [32], [32, 1], [1]].map((s) => r(s)), Gd = P.map((p) => r(p.shape as number[]));
const total = P.reduce((a, p) => a + p.size, 0);
const slots = tf.zeros([2 * total]);
let mO = 1e9;
for (let rep = 0; rep < 40; rep++) {
  const N = 100; const t0 = performance.now();
  for (let i = 0; i < N; i++) {
    const out: any = tf.engine().runKernel('OndaOptimizer', [...P, ...Gd, slots] as any, { kind: 'adam', learningRate: 0.01, beta1: 0.9, beta2: 0.999, smoothing: 0.99, epsilon: 1e-8, momentum: 0, weightDecay: 0, clipNorm: 1, step: i + 1 } as any);
    tf.dispose(out);
  }
  mO = Math.min(mO, (performance.now() - t0) / N * 1e3);
}
console.log('optimizer us', mO.toFixed(1));
const a = tf.scalar(1), b = tf.scalar(2); let mA = 1e9; for (let rep = 0; rep < 40; rep++) { const t0 = performance.now(); for (let i = 0; i < 200; i++) a.add(b).dispose(); mA = Math.min(mA, (performance.now() - t0) * 5); } console.log('add us', mA.toFixed(1));
