import * as tf from '@tensorflow/tfjs-core';
import { loadPyTorchWeights, Net } from '@onda/nets';
import { openForBench } from '../../training/workers/openForBench.ts';
import { startWeights } from '../../training/start.ts';
import { answerSteps } from './stepWorker.ts';
import { tensorLoop } from './tensorLoop.ts';

/* Onda's own net on tfjs-node as a worker: a call a sample, values read at the end alone. */
await answerSteps({
  hello: () => openForBench('tensorflow', true),
  prime: (start, _file, before, last) => {
    const { batch, samples } = start.work;
    const net = Net.create(start.work.spec, () => 0);
    loadPyTorchWeights(net, startWeights(start));
    const step = (x: tf.Tensor3D, [state]: readonly tf.Tensor[]): [tf.Tensor3D, tf.Tensor[]] => {
      const run = net.forward(x, state as tf.Tensor2D);
      return [run.y, [run.state]];
    };
    const primed = tf.tidy(
      () => step(tf.tensor3d(before, [batch, samples - 1, 1]), [net.zeroState(batch)])[1],
    );
    return tensorLoop(step, last, primed, () => {
      net.dispose();
    });
  },
});
