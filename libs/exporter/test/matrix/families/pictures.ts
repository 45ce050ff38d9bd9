import fc from 'fast-check';
import type { CallPlan, Family, LayerPlan, ModelPlan } from '../modelPlan.ts';
import { seed } from './recurrent.ts';

const size = fc.integer({ min: 1, max: 4 });
const padding = fc.constantFrom('same', 'valid');
const activation = fc.constantFrom('linear', 'relu', 'tanh', 'sigmoid');

const layer = (kind: string, options: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<LayerPlan> =>
  fc.record(options).map((config) => ({ kind, config }));

/** Layers one after the other on an input of one shape. */
function chain(name: string, shape: readonly number[], layers: fc.Arbitrary<LayerPlan[]>, share = 2): Family {
  return {
    name,
    share,
    leastTime: 1,
    subgraphs: false,
    plan: fc.record({ layers, seed }).map((drawn) => ({
      inputs: [{ shape, draw: 'uniform' as const }],
      calls: drawn.layers.map((plan, index): CallPlan => ({ layer: plan, from: [index], results: 1 })),
      stateful: false,
      seed: drawn.seed,
    })),
  };
}

const alone = (plan: fc.Arbitrary<LayerPlan>): fc.Arbitrary<LayerPlan[]> => plan.map((one) => [one]);

/** Layers between convolutions in image models. */
const between = fc.oneof(
  layer('conv2d', {
    filters: size,
    kernelSize: fc.constantFrom(1, 2),
    padding: fc.constant('same'),
    activation,
  }),
  layer('maxPooling2d', { poolSize: fc.constant(2), strides: fc.constant(1), padding: fc.constant('same') }),
  layer('averagePooling2d', {
    poolSize: fc.constant(2),
    strides: fc.constant(1),
    padding: fc.constant('same'),
  }),
  layer('batchNormalization', {}),
  layer('layerNormalization', { axis: fc.constantFrom([-1], [1, 2], [1, 2, 3]) }),
  layer('activation', { activation: fc.constantFrom('relu', 'tanh', 'softmax', 'gelu', 'mish', 'relu6') }),
  layer('leakyReLU', { alpha: fc.constantFrom(0.1, 0.5) }),
  layer('prelu', { alphaInitializer: fc.constant('glorotUniform') }),
  layer('prelu', { alphaInitializer: fc.constant('glorotUniform'), sharedAxes: fc.constant([1, 2]) }),
  layer('zeroPadding2d', {
    padding: fc.constantFrom(
      [1, 1],
      [
        [1, 0],
        [0, 2],
      ],
    ),
  }),
  layer('cropping2D', {
    cropping: fc.constantFrom([
      [1, 0],
      [0, 1],
    ]),
  }),
  layer('dropout', { rate: fc.constant(0.2) }),
);

/** What ends a net for pictures. */
const end = fc.oneof(
  layer('globalAveragePooling2d', {}),
  layer('globalMaxPooling2d', {}),
  layer('flatten', {}),
  layer('batchNormalization', {}),
);

const convolved = (filters: number, options: fc.Arbitrary<object>): fc.Arbitrary<LayerPlan> =>
  options.map((own) => ({ kind: 'conv2d', config: { filters, kernelSize: 3, padding: 'same', ...own } }));

/** A convolution, then layers whose result is merged with its output or with the input. */
const blocks: fc.Arbitrary<ModelPlan> = fc
  .record({
    first: convolved(2, fc.record({ activation })),
    middle: fc.array(layer('batchNormalization', {}), { maxLength: 1 }),
    second: convolved(2, fc.record({ useBias: fc.boolean() })),
    merge: fc.constantFrom('add', 'multiply', 'maximum', 'average', 'concatenate'),
    besides: fc.constantFrom(0, 1),
    after: fc.array(fc.oneof(layer('reLU', {}), layer('batchNormalization', {})), { maxLength: 2 }),
    last: fc.oneof(convolved(1, fc.record({ activation })), end),
    seed,
  })
  .map(({ first, middle, second, merge, besides, after, last, seed: own }) => {
    const calls: CallPlan[] = [];
    const put = (plan: LayerPlan, from: number[]): number => calls.push({ layer: plan, from, results: 1 });
    const one = put(first, [0]);
    const two = put(second, [middle.reduce((value, plan) => put(plan, [value]), one)]);
    const joined = put({ kind: merge, config: {} }, [two, besides]);
    put(last, [after.reduce((value, plan) => put(plan, [value]), joined)]);
    return { inputs: [{ shape: [5, 4, 2], draw: 'uniform' as const }], calls, stateful: false, seed: own };
  });

/** Images in time. TensorFlow.js gives a dilation to the input's convolution alone, and no stride beside it. */
const movies: Family = {
  name: 'convLstm2d',
  share: 8,
  leastTime: 1,
  subgraphs: true,
  plan: fc
    .record({
      config: fc.record({
        filters: size,
        padding,
        useBias: fc.boolean(),
        activation: fc.constantFrom('tanh', 'relu', 'elu', 'softsign'),
        recurrentActivation: fc.constantFrom('hardSigmoid', 'sigmoid'),
        returnSequences: fc.boolean(),
        returnState: fc.boolean(),
        goBackwards: fc.boolean(),
      }),
      window: fc.constantFrom(
        { kernelSize: 1 },
        { kernelSize: 3 },
        { kernelSize: [2, 3] },
        { kernelSize: 2, strides: 2 },
        { kernelSize: 3, strides: [2, 1] },
        { kernelSize: 2, dilationRate: 2 },
      ),
      first: fc.boolean(),
      seed,
    })
    .map(({ config, window, first, seed: own }) => {
      const format = first ? { dataFormat: 'channelsFirst' } : {};
      const layerPlan = { kind: 'convLstm2d', config: { ...config, ...window, ...format } };
      const calls = [{ layer: layerPlan, from: [0], results: config.returnState ? 3 : 1 }];
      const shape = first ? [null, 2, 5, 4] : [null, 5, 4, 2];
      return { inputs: [{ shape, draw: 'uniform' as const }], calls, stateful: false, seed: own };
    }),
};

const volume = [4, 5, 4, 2] as const;
// Where a kernel is smaller than its stride, TensorFlow.js's JavaScript kernels pad volumes by a negative number: exportVolumes.test.ts.
const windows = fc.constantFrom(
  { strides: 1, kernelSize: 1 },
  { strides: 1, kernelSize: 2 },
  { strides: 2, kernelSize: 2 },
  { strides: 2, kernelSize: 3 },
);
const volumes = (kind: string): fc.Arbitrary<LayerPlan[]> =>
  fc
    .tuple(windows, fc.record({ padding, filters: size, activation, useBias: fc.boolean() }))
    .map(([window, options]) => [{ kind, config: { ...options, ...window } }]);
const pools = { padding, poolSize: fc.constantFrom(2, 3), strides: fc.constantFrom(1, 2) };

/** Images and volumes: single layers, and chains of layers as in image networks. */
export const pictureFamilies: readonly Family[] = [
  chain(
    'chains of convolutions',
    [6, 6, 2],
    fc
      .tuple(fc.array(between, { minLength: 2, maxLength: 5 }), end)
      .map(([layers, last]) => [...layers, last]),
    8,
  ),
  { name: 'blocks of convolutions', share: 6, leastTime: 1, subgraphs: false, plan: blocks },
  movies,
  chain('conv3d', volume, volumes('conv3d')),
  chain('conv3dTranspose', volume, volumes('conv3dTranspose')),
  chain('averagePooling3d', volume, alone(layer('averagePooling3d', pools))),
  chain('maxPooling3d', volume, alone(layer('maxPooling3d', pools))),
];
