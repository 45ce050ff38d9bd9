import type { Tensor, Tensor3D } from '@tensorflow/tfjs-core';
import {
  add,
  concat,
  io,
  memory,
  mul,
  randomNormal,
  reshape,
  reverse,
  slice,
  sum,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { layers, loadLayersModel, sequential } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { ConfigError, ShapeError } from '@onda/contract';
import { openWasmBackend } from '@onda/kernels';
import type { MergeMode } from './ondaBidirectional.ts';
import { OndaBidirectional } from './ondaBidirectional.ts';
import { OndaGRU, OndaLSTM, OndaRNN } from './recurrentLayers.ts';
import { registerLayers } from './registerLayers.ts';

await openWasmBackend();
registerLayers();

const x = randomNormal<never>([3, 6, 2] as never, 0, 1, 'float32', 7) as Tensor3D;

/** The outputs of the two separate directions. */
function directions(layer: OndaBidirectional): { forward: Tensor[]; backward: Tensor[] } {
  return {
    forward: [layer.forward.call(x)].flat(),
    backward: [layer.backward.call(x)].flat(),
  };
}

describe(OndaBidirectional, () => {
  const modes: [mode: MergeMode, merge: (a: Tensor, b: Tensor) => Tensor][] = [
    ['concat', (a, b) => concat([a, b], 2)],
    ['sum', (a, b) => add(a, b)],
    ['mul', (a, b) => mul(a, b)],
    ['ave', (a, b) => mul(add(a, b), 0.5)],
  ];
  it.each(modes)('merges the two directions by %s, in the order of x', (mergeMode, merge) => {
    tidy(() => {
      const layer = new OndaBidirectional({
        layer: new OndaGRU({ units: 4, seed: 1, returnSequences: true }),
        mergeMode,
      });
      const y = layer.apply(x) as Tensor;
      const { forward, backward } = directions(layer);
      expect(y.shape).toEqual([3, 6, mergeMode === 'concat' ? 8 : 4]);
      expect(y.dataSync()).toEqual(merge(forward[0], reverse(backward[0], 1)).dataSync());
      expect(layer.computeOutputShape([null, null, 2])).toEqual([null, null, mergeMode === 'concat' ? 8 : 4]);
      layer.dispose();
    });
  });

  it('gives the last processed sample of each direction without returnSequences', () => {
    tidy(() => {
      const layer = new OndaBidirectional({ layer: new OndaRNN({ units: 4 }) });
      const y = layer.apply(x) as Tensor;
      const { forward, backward } = directions(layer);
      expect(y.dataSync()).toEqual(concat([forward[0], backward[0]], 1).dataSync());
      layer.dispose();
    });
  });

  it('starts the two directions with other weights, the same for the same seed', () => {
    const values = (): number[][] =>
      tidy(() => {
        const layer = new OndaBidirectional({ layer: new OndaLSTM({ units: 3, seed: 4 }) });
        layer.apply(x);
        const drawn = layer.getWeights().map((weight) => Array.from(weight.dataSync()));
        layer.dispose();
        return drawn;
      });
    const weights = values();
    expect(weights).toHaveLength(8);
    expect(weights.slice(0, 4)).not.toEqual(weights.slice(4));
    expect(values()).toEqual(weights);
  });

  it('takes the initial states and gives the final ones, forward first', () => {
    tidy(() => {
      const layer = new OndaBidirectional({
        layer: new OndaLSTM({ units: 4, returnSequences: true, returnState: true }),
      });
      const [, ...states] = layer.apply(x) as Tensor[];
      const { forward, backward } = directions(layer);
      expect(states.map((state) => state.dataSync())).toEqual(
        [...forward.slice(1), ...backward.slice(1)].map((state) => state.dataSync()),
      );
      const [whole] = layer.forward.call(x) as Tensor[];
      const part = slice(x, [0, 0, 0], [-1, 2, -1]);
      const [, h, c] = layer.forward.call(part) as Tensor[];
      const rest = slice(x, [0, 2, 0]);
      const none = zeros([3, 4]);
      for (const [y] of [
        layer.apply([rest, h, c, none, none]) as Tensor[],
        layer.apply(rest, { initialState: [h, c, none, none] }) as Tensor[],
      ]) {
        const ours = slice(y as Tensor3D, [0, 0, 0], [-1, -1, 4]).dataSync();
        const expected = slice(whole as Tensor3D, [0, 2, 0]).dataSync();
        // The same sums in the same order, but for products of other sizes.
        ours.forEach((value, index) => {
          expect(Math.abs(value - expected[index])).toBeLessThan(1e-6);
        });
      }
      layer.dispose();
    });
  });

  it('trains, freezes, and is equal after saving and loading', async () => {
    const before = memory().numTensors;
    const layer = new OndaBidirectional({
      layer: new OndaLSTM({ units: 3, returnSequences: true, seed: 1 }),
      inputShape: [null, 2],
    });
    const net = sequential({
      layers: [
        layer,
        new OndaBidirectional({ layer: new OndaGRU({ units: 2, seed: 2 }), mergeMode: 'mul' }),
        layers.dense({ units: 1 }),
      ],
    });
    expect(net.trainableWeights).toHaveLength(18);
    layer.trainable = false;
    expect(net.trainableWeights).toHaveLength(10);
    layer.trainable = true;
    const y = tidy(() => reshape(sum(x, [1, 2]), [3, 1]));
    net.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
    const { history } = await net.fit(x, y, { epochs: 5 });
    expect(history.loss[4]).toBeLessThan(history.loss[0] as number);
    const stored = await new Promise<io.ModelArtifacts>((resolve, reject) => {
      const handler = io.withSaveHandler((artifacts) => {
        resolve(artifacts);
        return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } });
      });
      net.save(handler).catch(reject);
    });
    const loaded = await loadLayersModel(io.fromMemory(stored));
    tidy(() => {
      expect((loaded.predict(x) as Tensor).dataSync()).toEqual((net.predict(x) as Tensor).dataSync());
    });
    loaded.dispose();
    net.dispose();
    net.optimizer.dispose();
    y.dispose();
    expect(memory().numTensors).toBe(before);
  });

  const gru = (): OndaGRU => new OndaGRU({ units: 4 });
  const rejected: [name: string, run: () => unknown, error: Error][] = [
    [
      'another way to merge',
      () => new OndaBidirectional({ layer: gru(), mergeMode: 'max' as never, name: 'a' }),
      new ConfigError(
        'layer "a": mergeMode: expected one of concat, sum, mul, ave, got "max"; use one of them',
      ),
    ],
    [
      'a layer that is not recurrent',
      () => new OndaBidirectional({ layer: layers.dense({ units: 1 }) as never, name: 'a' }),
      new ConfigError(
        'layer "a": layer: expected an OndaRNN, OndaLSTM or OndaGRU layer, got Dense; pass one',
      ),
    ],
    [
      'no layer',
      () => new OndaBidirectional({ name: 'a' } as never),
      new ConfigError(
        'layer "a": layer: expected an OndaRNN, OndaLSTM or OndaGRU layer, got undefined; pass one',
      ),
    ],
    [
      'an option that it does not have',
      () => new OndaBidirectional({ layer: gru(), name: 'a', units: 3 } as never),
      new ConfigError('layer "a": units: expected one of layer, mergeMode; leave it out'),
    ],
    [
      'the initial states of one direction',
      () => new OndaBidirectional({ layer: gru(), name: 'a' }).apply([x, zeros([3, 4])]),
      new ShapeError(
        'layer "a": expected x alone or x and 2 initial states, got 2 inputs; pass those of the forward layer, then those of the backward layer',
      ),
    ],
  ];
  it.each(rejected)('rejects %s', (_, run, error) => {
    tidy(() => {
      expect(run).toThrow(error);
    });
  });
});
