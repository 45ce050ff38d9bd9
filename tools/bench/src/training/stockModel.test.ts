import * as tf from '@tensorflow/tfjs-core';
import { loadPyTorchWeights, Net } from '@onda/nets';
import { beforeAll, describe, expect, it } from 'vitest';
import { openWasmBackend } from '@onda/kernels';
import { fromBase64, makeStart, parseNetWorkload, startWeights } from '../netWorkload.ts';
import { stockModel } from './stockModel.ts';

/** Sums in another order, float32 values of about 1; measured 1e-7. */
const ATOL = 1e-6;

beforeAll(async () => {
  await openWasmBackend();
});

describe(stockModel, () => {
  it.each(['rnn-3-2-4', 'lstm-3-2-4', 'lstm2-3-2-4'])('computes what our net of %s computes', (name) => {
    const start = makeStart(parseNetWorkload('training', name));
    const x = tf.tensor3d(fromBase64(start.x).slice(0, 8), [2, 4, 1]);
    const net = Net.create(start.work.spec, () => 0);
    loadPyTorchWeights(net, startWeights(start));
    const model = stockModel(start);
    const first = model.apply(x, null);
    const second = model.apply(x, first.states);
    const ours = net.forward(x, net.zeroState(2));
    const oursCarried = net.forward(x, ours.state);
    expect(tf.max(tf.abs(tf.sub(first.y, ours.y))).dataSync()[0]).toBeLessThan(ATOL);
    expect(tf.max(tf.abs(tf.sub(second.y, oursCarried.y))).dataSync()[0]).toBeLessThan(ATOL);
    expect(first.states).toHaveLength(net.stateRows.length);
    model.dispose();
    net.dispose();
  });
});
