import { loadPyTorchWeights, Net } from '@onda/nets';
import { createSource } from '@onda/series';
import { openBackend } from '@onda/tfjs-native';
import { fit, Optimizer } from '@onda/training';
import { readStart, startWeights } from '../netWorkload.ts';

/** The first job as a script: `firstJobScript.ts START.json tensorflow|wasm` prints the losses of its 100 steps as JSON. */
const [, , path, want] = process.argv;
const start = readStart(path);
const { spec, samples } = start.work;
await openBackend({ want: want === 'wasm' ? 'wasm' : 'tensorflow' });
const net = Net.create(spec, () => 0);
loadPyTorchWeights(net, startWeights(start));
const { losses } = await fit({
  net,
  source: createSource({ data: { kind: 'sine', samples }, lag: 1, seed: 0 }),
  optimizer: new Optimizer({ kind: 'adam', learningRate: start.learningRate }, net.variables),
  steps: 100,
  carry: true,
});
console.log(JSON.stringify(Array.from(losses)));
