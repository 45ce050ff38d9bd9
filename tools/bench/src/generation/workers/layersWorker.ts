import * as tf from '@tensorflow/tfjs-core';
import { openForBench } from '../../training/workers/openForBench.ts';
import { stockModel } from '../../training/workers/stockModel.ts';
import { answerSteps } from './stepWorker.ts';
import { tensorLoop } from './tensorLoop.ts';

/* tfjs-node's own layers as a worker: a call a sample, values read at the end alone. */
await answerSteps({
  hello: () => openForBench('tensorflow', false),
  prime: (start, _file, before, last) => {
    const { batch, samples } = start.work;
    const model = stockModel(start);
    const step = (x: tf.Tensor3D, states: readonly tf.Tensor[] | null): [tf.Tensor3D, tf.Tensor[]] => {
      const run = model.apply(x, states);
      return [run.y, run.states];
    };
    const primed = tf.tidy(() => step(tf.tensor3d(before, [batch, samples - 1, 1]), null)[1]);
    return tensorLoop(step, last, primed, () => {
      model.dispose();
    });
  },
});
