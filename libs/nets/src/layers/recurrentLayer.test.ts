import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import {
  io,
  memory,
  randomNormal,
  reshape,
  reverse,
  slice,
  sum,
  tidy,
  variableGrads,
  zeros,
} from '@tensorflow/tfjs-core';
import {
  initializers,
  input,
  layers,
  loadLayersModel,
  model as functionalModel,
  sequential,
} from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { openWasmBackend } from '@onda/kernels';
import type { RecurrentLayerArgs } from './recurrentLayer.ts';
import { RecurrentLayer } from './recurrentLayer.ts';
import { OndaGRU, OndaLSTM, OndaRNN } from './recurrentLayers.ts';
import { registerLayers } from './registerLayers.ts';

/** float32 rounding of two orders of summation. */
const ATOL = 1e-6;

const kinds: [name: string, make: (args: RecurrentLayerArgs) => RecurrentLayer][] = [
  ['OndaRNN', (args) => new OndaRNN(args)],
  ['OndaRNN relu', (args) => new OndaRNN({ ...args, activation: 'relu' })],
  ['OndaLSTM', (args) => new OndaLSTM(args)],
  ['OndaGRU', (args) => new OndaGRU(args)],
  ['OndaGRU reset before', (args) => new OndaGRU({ ...args, resetAfter: false })],
];

await openWasmBackend();
registerLayers();

function expectClose(given: Tensor, expected: Tensor): void {
  expect(given.shape).toEqual(expected.shape);
  const values = expected.dataSync();
  given.dataSync().forEach((value, index) => {
    expect(Math.abs(value - values[index])).toBeLessThan(ATOL);
  });
}

describe.each(kinds)('%s', (_, make) => {
  const x = randomNormal<never>([3, 6, 2] as never, 0, 1, 'float32', 7) as Tensor3D;

  it('gives h of every sample, or of the last', () => {
    tidy(() => {
      const all = make({ units: 4, seed: 3, returnSequences: true }).apply(x) as Tensor3D;
      const last = make({ units: 4, seed: 3 }).apply(x) as Tensor2D;
      expect(all.shape).toEqual([3, 6, 4]);
      expectClose(last, reshape(slice(all, [0, 5, 0], [-1, 1, -1]), [3, 4]));
    });
  });

  it('takes initial states and gives final ones, so that a sequence can be split', () => {
    tidy(() => {
      const layer = make({ units: 4, returnSequences: true, returnState: true });
      const [whole, ...wholeState] = layer.apply(x) as Tensor[];
      const [, ...state] = layer.apply(slice(x, [0, 0, 0], [-1, 2, -1])) as Tensor[];
      const [rest, ...restState] = layer.apply([slice(x, [0, 2, 0]), ...state]) as Tensor[];
      expect(wholeState).toHaveLength(layer.cell === 'lstm' ? 2 : 1);
      expectClose(rest, slice(whole, [0, 2, 0]));
      restState.forEach((part, index) => {
        expectClose(part, wholeState[index]);
      });
    });
  });

  it('processes a sequence backwards like the reversed sequence', () => {
    tidy(() => {
      const back = make({ units: 4, seed: 3, returnSequences: true, goBackwards: true }).apply(x) as Tensor;
      const forth = make({ units: 4, seed: 3, returnSequences: true }).apply(reverse(x, 1)) as Tensor;
      expectClose(back, forth);
    });
  });

  it('trains in a stacked sequential model and is equal after saving and loading', async () => {
    const before = memory().numTensors;
    const net = sequential({
      layers: [
        make({ units: 4, returnSequences: true, inputShape: [null, 2], seed: 1 }),
        make({ units: 3, seed: 2 }),
        layers.dense({ units: 1 }),
      ],
    });
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
    expect(stored.weightSpecs?.slice(0, 4).map(({ name }) => name.replace(/^.*\//, ''))).toEqual([
      'kernel',
      'recurrent_kernel',
      'bias',
      'recurrent_bias',
    ]);
    const loaded = await loadLayersModel(io.fromMemory(stored));
    tidy(() => {
      expectClose(loaded.predict(x) as Tensor, net.predict(x) as Tensor);
    });
    loaded.dispose();
    net.dispose();
    net.optimizer.dispose();
    y.dispose();
    expect(memory().numTensors).toBe(before);
  });

  it('keeps its options through its configuration', () => {
    const layer = make({
      units: 4,
      returnSequences: true,
      returnState: true,
      goBackwards: true,
      seed: 5,
      name: 'a',
    });
    const copy = (layer.constructor as typeof OndaRNN).fromConfig(
      layer.constructor as never,
      layer.getConfig(),
    ) as unknown as RecurrentLayer;
    expect(copy.getConfig()).toEqual(layer.getConfig());
    expect(copy.getClassName()).toBe(layer.getClassName());
  });

  it('takes its initial state as an option too', () => {
    tidy(() => {
      const layer = make({ units: 4, returnState: true });
      const [, ...state] = layer.apply(x) as Tensor[];
      const [y] = layer.apply([x, ...state]) as Tensor[];
      expectClose((layer.apply(x, { initialState: state }) as Tensor[])[0], y);
    });
  });

  it('starts with the weights of its initializers, which it keeps through its configuration', () => {
    tidy(() => {
      const layer = make({
        units: 4,
        kernelInitializer: 'ones',
        recurrentInitializer: initializers.constant({ value: 2 }),
        biasInitializer: 'zeros',
        recurrentBiasInitializer: initializers.constant({ value: 3 }),
      });
      const copy = (layer.constructor as typeof OndaRNN).fromConfig(
        layer.constructor as never,
        JSON.parse(JSON.stringify(layer.getConfig())) as never,
      ) as unknown as RecurrentLayer;
      for (const made of [layer, copy]) {
        made.apply(x);
        expect(made.getWeights().map((weight) => new Set(weight.dataSync()))).toEqual([
          new Set([1]),
          new Set([2]),
          new Set([0]),
          new Set([3]),
        ]);
      }
    });
  });

  it('starts with weights within 1 / sqrt(units), the same for the same seed', () => {
    const values = (seed?: number): number[] =>
      tidy(() => {
        const layer = make({ units: 16, ...(seed === undefined ? {} : { seed }) });
        layer.apply(x);
        const drawn = layer.getWeights().flatMap((weight) => Array.from(weight.dataSync()));
        layer.dispose();
        return drawn;
      });
    expect(Math.max(...values(0).map(Math.abs))).toBeLessThanOrEqual(0.25);
    expect(Math.max(...values(0).map(Math.abs))).toBeGreaterThan(0.24);
    expect(values(0)).toEqual(values(0));
    expect(values(0)).not.toEqual(values(1));
    expect(values()).not.toEqual(values());
  });
});

describe(RecurrentLayer, () => {
  it('works in a functional model with its states as inputs and outputs', () => {
    const before = memory().numTensors;
    const x = input({ shape: [null, 2] });
    const h0 = input({ shape: [4] });
    const c0 = input({ shape: [4] });
    const outputs = new OndaLSTM({ units: 4, returnSequences: true, returnState: true }).apply([x, h0, c0]);
    const net = functionalModel({ inputs: [x, h0, c0], outputs: outputs as never });
    tidy(() => {
      const [y, h, c] = net.predict([zeros([2, 5, 2]), zeros([2, 4]), zeros([2, 4])]) as Tensor[];
      expect([y.shape, h.shape, c.shape]).toEqual([
        [2, 5, 4],
        [2, 4],
        [2, 4],
      ]);
    });
    net.dispose();
    expect(memory().numTensors).toBe(before);
  });

  it('gives a gradient for each weight and leaks no tensor', () => {
    const layer = new OndaGRU({ units: 3 });
    const x = zeros<never>([1, 2, 1] as never) as Tensor3D;
    layer.apply(x) as Tensor;
    const before = memory().numTensors;
    tidy(() => {
      const { grads } = variableGrads(() => sum(layer.apply(x) as Tensor));
      expect(Object.values(grads).map(({ shape }) => shape)).toEqual([[1, 9], [3, 9], [9], [9]]);
    });
    expect(memory().numTensors).toBe(before);
  });
});
