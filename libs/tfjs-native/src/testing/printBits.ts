import { createHash } from 'node:crypto';
import type { Tensor } from '@tensorflow/tfjs-core';
import { abs, randomUniform } from '@tensorflow/tfjs-core';
import {
  gateCounts,
  optimizerDefaults,
  optimizerKernelName,
  readoutLossKernelName,
  recurrentKernelNames,
} from '@onda/kernels';
import { recurrentAttributes } from '@onda/nets';
import { openBackend } from '../openBackend.ts';
import { runKernel } from './nativeKernelsHere.ts';

// Prints a hash of all results of a training step of each cell, to compare processes. The sizes are large enough for every kernel
// to use several threads.

await openBackend({ want: 'tensorflow' });

const batch = 29;
const time = 120;
const features = 5;
const units = 67;
const outputs = 3;

let seed = 1;
const draw = (shape: number[]): Tensor => randomUniform(shape, -0.2, 0.2, 'float32', seed++);

for (const cell of ['rnn', 'lstm', 'gru'] as const) {
  const columns = gateCounts[cell] * units;
  const state = [batch, units];
  const weightShapes = [[features, columns], [units, columns], [columns], [columns]];
  const weights = weightShapes.map(draw);
  const inputs = [
    draw([batch, time, features]),
    ...weights,
    draw(state),
    ...(cell === 'lstm' ? [draw(state)] : []),
  ];
  const attributes = recurrentAttributes({ cell, training: true });
  const results = runKernel(recurrentKernelNames.forward, inputs, attributes);
  const [y] = results;
  const readout = [draw([units, outputs]), draw([outputs])];
  const [loss, prediction, dHidden, ...dReadout] = runKernel(
    readoutLossKernelName,
    [y, ...readout, draw([batch, time, outputs])],
    { loss: 'mse', delta: 1, levels: [], gradients: true },
  );
  const dStates = cell === 'lstm' ? [draw(state), draw(state)] : [draw(state)];
  const gradients = runKernel(
    recurrentKernelNames.backward,
    [...inputs, y, results[results.length - 1], dHidden, ...dStates],
    attributes,
  );
  const params = [...weights, ...readout];
  const total = params.reduce((sum, { size }) => sum + size, 0);
  const moved = runKernel(
    optimizerKernelName,
    [...params, ...gradients.slice(1, 5), ...dReadout, abs(draw([2 * total]))],
    { ...optimizerDefaults, kind: 'adam', learningRate: 0.01, step: 2, clipNorm: 0.1 },
  );
  const hash = createHash('sha256');
  for (const tensor of [...results, loss, prediction, dHidden, ...gradients, ...moved])
    hash.update(tensor.dataSync<'float32'>());
  process.stdout.write(`${cell} ${hash.digest('hex')}\n`);
}
