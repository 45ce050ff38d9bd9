import * as tf from '@tensorflow/tfjs-core';
import { loadPyTorchWeights, Net } from '@onda/nets';
import type { Start } from '../netWorkload.ts';
import { startWeights } from '../netWorkload.ts';
import { stockModel } from '../training/stockModel.ts';
import { openWorkerBackend } from '../training/tfjsBackend.ts';
import type { Primed } from './stepWorker.ts';
import { answerSteps } from './stepWorker.ts';

/** A network of TensorFlow.js, called once per sample. */
interface StepNet {
  /** States [batch, ...] of a new sequence. */
  zeros(batch: number): readonly tf.Tensor[] | null;
  /** x [batch, time, 1] and states to y [batch, time, 1] and states. */
  step(x: tf.Tensor3D, states: readonly tf.Tensor[] | null): { y: tf.Tensor3D; states: readonly tf.Tensor[] };
  dispose(): void;
}

function ondaNet(start: Start): StepNet {
  const net = Net.create(start.work.spec, () => 0);
  loadPyTorchWeights(net, startWeights(start));
  return {
    zeros: (batch) => [net.zeroState(batch)],
    step: (x, states) => {
      const { y, state } = net.forward(x, states?.[0] as tf.Tensor2D);
      return { y, states: [state] };
    },
    dispose: () => {
      net.dispose();
    },
  };
}

function layersNet(start: Start): StepNet {
  const model = stockModel(start);
  return {
    zeros: () => null,
    step: (x, states) => model.apply(x, states),
    dispose: () => {
      model.dispose();
    },
  };
}

/** tfjs-node as a worker: `tensorWorker.ts onda` with Onda's network, `tensorWorker.ts layers` with TensorFlow.js's own layers. */
const layers = process.argv[2] === 'layers';

await answerSteps(
  () => openWorkerBackend('tensorflow'),
  (start, _file, prompt, last) => {
    const { batch, samples } = start.work;
    const net = layers ? layersNet(start) : ondaNet(start);
    const primed = tf.tidy(
      () => net.step(tf.tensor3d(prompt, [batch, samples - 1, 1]), net.zeros(batch)).states as tf.Tensor[],
    );
    return closedLoop(net, tf.tensor3d(last, [batch, 1, 1]), primed);
  },
);

function closedLoop(net: StepNet, first: tf.Tensor3D, primed: readonly tf.Tensor[]): Primed {
  return {
    generate: (steps, _threads, keep) => {
      const started = performance.now();
      let [x, states]: [tf.Tensor3D, readonly tf.Tensor[]] = [first, primed];
      for (let done = 0; done < steps; done++) {
        const [y, next] = tf.tidy(() => {
          const result = net.step(x, states);
          return [result.y, result.states as tf.Tensor[]] as [tf.Tensor3D, tf.Tensor[]];
        });
        if (done > 0) tf.dispose([x, ...states]);
        [x, states] = [y, next];
        if (keep) keep(y.dataSync() as Float32Array);
      }
      // Reading the last sample waits until it is computed.
      x.dataSync();
      const ms = performance.now() - started;
      tf.dispose([x, ...states]);
      return ms;
    },
    dispose: () => {
      tf.dispose([first, ...primed]);
      net.dispose();
    },
  };
}
