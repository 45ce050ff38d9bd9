import fc from 'fast-check';
import type { CallPlan, Draw, Family, LayerPlan, ModelPlan } from '../modelPlan.ts';

const seed = fc.nat({ max: 2 ** 31 - 1 });
const size = fc.integer({ min: 1, max: 5 });
const activation = fc.constantFrom(
  'elu',
  'gelu',
  'gelu_new',
  'hardSigmoid',
  'linear',
  'logSoftmax',
  'mish',
  'relu',
  'relu6',
  'selu',
  'sigmoid',
  'softmax',
  'softplus',
  'softsign',
  'swish',
  'tanh',
);
const padding = fc.constantFrom('same', 'valid');
const useBias = fc.boolean();

/** A layer of this kind with random options. */
const layer = (kind: string, options: Record<string, fc.Arbitrary<unknown>> = {}): fc.Arbitrary<LayerPlan> =>
  fc.record(options).map((config) => ({ kind, config }));

/** Options where null leaves an option out. */
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });

interface Place {
  /** Shape without the batch; null: the time. */
  readonly shape: readonly (number | null)[];
  readonly draw?: Draw;
  readonly share?: number;
  readonly leastTime?: number;
  /** Put between an LSTM layer before and a GRU layer after it, at times: it keeps [time, features]. */
  readonly between?: boolean;
}

/** One entry: a layer, and the input that it is tried on. */
function family(name: string, plan: fc.Arbitrary<LayerPlan>, place: Place): Family {
  const { shape, draw = 'uniform', share = 2, leastTime = 1, between = false } = place;
  return {
    name,
    share,
    leastTime,
    subgraphs: false,
    plan: fc
      .record({ plan, inside: between ? fc.boolean() : fc.constant(false), seed })
      .map((drawn): ModelPlan => {
        const features = shape[shape.length - 1];
        const lstm = { kind: 'lstm', config: { units: features, returnSequences: true } };
        const calls: CallPlan[] = [{ layer: drawn.plan, from: [drawn.inside ? 1 : 0], results: 1 }];
        if (drawn.inside) {
          calls.unshift({ layer: lstm, from: [0], results: 1 });
          calls.push({ layer: { kind: 'gru', config: { units: 2 } }, from: [2], results: 1 });
        }
        return { inputs: [{ shape, draw }], calls, stateful: false, seed: drawn.seed };
      }),
  };
}

/** A layer that joins two or three values of one shape. */
function mergeFamily(kind: string, options: Record<string, fc.Arbitrary<unknown>> = {}, most = 3): Family {
  const plan = fc
    .record({
      plan: layer(kind, options),
      count: fc.integer({ min: 2, max: most }),
      seed,
      recurrent: fc.boolean(),
    })
    .map(({ plan: merge, count, seed: own, recurrent }): ModelPlan => {
      const from = Array.from({ length: count }, (_, index) => index);
      const lstm = { kind: 'lstm', config: { units: 3, returnSequences: true } };
      const before: CallPlan[] = recurrent
        ? from.map((index) => ({ layer: lstm, from: [index], results: 1 }))
        : [];
      return {
        inputs: from.map(() => ({ shape: [7, 3], draw: 'uniform' })),
        calls: [...before, { layer: merge, from: from.map((index) => index + before.length), results: 1 }],
        stateful: false,
        seed: own,
      };
    });
  return { name: kind, share: 2, leastTime: 1, subgraphs: false, plan };
}

const sequence = { shape: [null, 4], between: true } as const;
const image = { shape: [6, 5, 3] } as const;

const convolution = {
  filters: size,
  padding,
  useBias,
  activation: fc.constantFrom('linear', 'relu', 'tanh'),
};
// TensorFlow.js refuses strides and dilation together.
const strided = fc.constantFrom<Record<string, number>[]>({}, { strides: 2 }, { dilationRate: 2 });
const windows = (kind: string, kernel: fc.Arbitrary<unknown>, own: Record<string, fc.Arbitrary<unknown>>) =>
  fc
    .tuple(fc.record({ ...own, kernelSize: kernel }), strided)
    .map(([config, extra]): LayerPlan => ({ kind, config: { ...config, ...extra } }));
const pool = { padding, strides: maybe(fc.integer({ min: 1, max: 2 })) };

/** Layers that stand around recurrent ones. To try another layer, add its entry. */
export const aroundFamilies: readonly Family[] = [
  family('dense', layer('dense', { units: size, useBias, activation }), { ...sequence, share: 4 }),
  family('dense on vectors', layer('dense', { units: size, useBias, activation }), { shape: [3] }),
  family('dense on pictures', layer('dense', { units: size, useBias, activation }), { shape: [2, null, 3] }),
  family('activation', layer('activation', { activation }), sequence),
  family('embedding', layer('embedding', { inputDim: fc.constant(7), outputDim: size }), {
    shape: [null],
    draw: { below: 7 },
  }),
  family(
    'conv1d',
    windows('conv1d', fc.integer({ min: 1, max: 3 }), {
      ...convolution,
    }),
    {
      shape: [null, 4],
      share: 4,
      leastTime: 7,
    },
  ),
  family('conv2d', windows('conv2d', fc.constantFrom(1, 2, [3, 2]), convolution), image),
  family(
    'depthwiseConv2d',
    layer('depthwiseConv2d', {
      kernelSize: fc.constantFrom(2, 3),
      depthMultiplier: fc.constantFrom(1, 2),
      padding,
      useBias,
    }),
    image,
  ),
  family(
    'separableConv2d',
    layer('separableConv2d', {
      ...convolution,
      kernelSize: fc.constantFrom(2, 3),
      depthMultiplier: fc.constantFrom(1, 2),
    }),
    image,
  ),
  family(
    'conv2dTranspose',
    layer('conv2dTranspose', {
      ...convolution,
      kernelSize: fc.constantFrom(2, 3),
      strides: fc.constantFrom(1, 2),
    }),
    image,
  ),
  family('averagePooling1d', layer('averagePooling1d', { ...pool, poolSize: fc.constantFrom(2, 3) }), {
    shape: [null, 3],
    leastTime: 7,
  }),
  family('maxPooling1d', layer('maxPooling1d', { ...pool, poolSize: fc.constantFrom(2, 3) }), {
    shape: [null, 3],
    leastTime: 7,
  }),
  family(
    'averagePooling2d',
    layer('averagePooling2d', { ...pool, poolSize: fc.constantFrom(2, [3, 2]) }),
    image,
  ),
  family('maxPooling2d', layer('maxPooling2d', { ...pool, poolSize: fc.constantFrom(2, [3, 2]) }), image),
  family('globalAveragePooling1d', layer('globalAveragePooling1d'), { shape: [null, 4], between: false }),
  family('globalMaxPooling1d', layer('globalMaxPooling1d'), { shape: [null, 4] }),
  family('globalAveragePooling2d', layer('globalAveragePooling2d'), image),
  family('globalMaxPooling2d', layer('globalMaxPooling2d'), image),
  family(
    'batchNormalization',
    layer('batchNormalization', {
      center: fc.boolean(),
      scale: fc.boolean(),
      epsilon: fc.constantFrom(1e-3, 1e-2),
    }),
    sequence,
  ),
  family(
    'layerNormalization',
    layer('layerNormalization', {
      center: fc.boolean(),
      scale: fc.boolean(),
      epsilon: fc.constantFrom(1e-3, 1e-2),
    }),
    sequence,
  ),
  family('dropout', layer('dropout', { rate: fc.constantFrom(0.1, 0.5) }), sequence),
  family('spatialDropout1d', layer('spatialDropout1d', { rate: fc.constantFrom(0.1, 0.5) }), sequence),
  family('gaussianNoise', layer('gaussianNoise', { stddev: fc.constantFrom(0.1, 1) }), sequence),
  family('gaussianDropout', layer('gaussianDropout', { rate: fc.constantFrom(0.1, 0.5) }), sequence),
  family('alphaDropout', layer('alphaDropout', { rate: fc.constantFrom(0.1, 0.5) }), sequence),
  family('flatten', layer('flatten'), { shape: [3, 4] }),
  family('reshape', layer('reshape', { targetShape: fc.constantFrom([6, 2], [12], [2, -1], [-1, 3, 2]) }), {
    shape: [3, 4],
  }),
  family('permute', layer('permute', { dims: fc.constantFrom([2, 1], [1, 2]) }), { shape: [null, 4] }),
  family('repeatVector', layer('repeatVector', { n: size }), { shape: [3] }),
  family(
    'zeroPadding2d',
    layer('zeroPadding2d', {
      padding: fc.constantFrom(
        1,
        [1, 2],
        [
          [0, 1],
          [2, 0],
        ],
      ),
    }),
    image,
  ),
  family(
    'cropping2D',
    layer('cropping2D', {
      cropping: fc.constantFrom(
        1,
        [1, 2],
        [
          [0, 1],
          [2, 0],
        ],
      ),
    }),
    image,
  ),
  family('upSampling2d', layer('upSampling2d', { size: fc.constantFrom([2, 2], [1, 3]) }), image),
  family('reLU', layer('reLU', { maxValue: maybe(fc.constantFrom(0.5, 6)) }), sequence),
  family('leakyReLU', layer('leakyReLU', { alpha: fc.constantFrom(0.1, 0.3) }), sequence),
  family('prelu', layer('prelu', { sharedAxes: fc.constant([1]) }), sequence),
  family('elu', layer('elu', { alpha: fc.constant(1) }), sequence),
  family('softmax', layer('softmax', { axis: fc.constantFrom(-1, 2) }), sequence),
  family('thresholdedReLU', layer('thresholdedReLU', { theta: fc.constantFrom(0.2, 1) }), sequence),
  family(
    'rescaling',
    layer('rescaling', { scale: fc.constantFrom(0.5, 3), offset: fc.constantFrom(0, -1) }),
    sequence,
  ),
  mergeFamily('add'),
  mergeFamily('multiply'),
  mergeFamily('average'),
  mergeFamily('maximum'),
  mergeFamily('minimum'),
  mergeFamily('concatenate', { axis: fc.constantFrom(-1, 1, 2) }),
  mergeFamily('dot', { axes: fc.constantFrom(-1, 2, [1, 1], [2, 2]), normalize: fc.boolean() }, 2),
];
