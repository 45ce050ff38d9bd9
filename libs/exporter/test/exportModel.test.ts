import { layers, sequential } from '@tensorflow/tfjs-layers';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { compare, randomizeWeights } from './support/tfjsModel.ts';

/** float32 sums of some tens of terms in another order, relative to the largest value; measured up to 2e-6. */
const ATOL = 1e-5;

type Layer = layers.Layer;

/** The same as a layer of another model. */
function sequentialOf(...list: Layer[]): Layer {
  return sequential({ layers: list });
}

/** A sequential model of these layers. */
function chain(...list: Layer[]): LayersModel {
  return sequential({ layers: list });
}

const activations = [
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
] as const;

async function check(
  make: () => LayersModel,
  open: readonly number[],
  options: Parameters<typeof compare>[2] = {},
): Promise<void> {
  const model = make();
  randomizeWeights(model, 5);
  const { difference } = await compare(model, open, options);
  expect(difference).toBeLessThan(ATOL);
}

/** Layers for [batch, 6, 4]. */
const sequenceLayers: Record<string, () => Layer> = {
  flatten: () => layers.flatten(),
  'flatten channels first': () => layers.flatten({ dataFormat: 'channelsFirst' }),
  reshape: () => layers.reshape({ targetShape: [3, 8] }),
  'reshape with a dim left open': () => layers.reshape({ targetShape: [-1, 2] }),
  permute: () => layers.permute({ dims: [2, 1] }),
  dense: () => layers.dense({ units: 5 }),
  'dense without bias': () => layers.dense({ units: 5, useBias: false, activation: 'tanh' }),
  dropout: () => layers.dropout({ rate: 0.5 }),
  'spatial dropout': () => layers.spatialDropout1d({ rate: 0.5 }),
  'gaussian noise': () => layers.gaussianNoise({ stddev: 1 }),
  'gaussian dropout': () => layers.gaussianDropout({ rate: 0.5 }),
  'alpha dropout': () => layers.alphaDropout({ rate: 0.5 }),
  'repeat vector after flatten': () =>
    sequentialOf(layers.flatten({ inputShape: [6, 4] }), layers.repeatVector({ n: 3 })),
  relu: () => layers.reLU(),
  'relu with a largest value': () => layers.reLU({ maxValue: 0.5 }),
  'leaky relu': () => layers.leakyReLU({ alpha: 0.2 }),
  elu: () => layers.elu(),
  prelu: () => layers.prelu(),
  'prelu with shared axes': () => layers.prelu({ sharedAxes: [1] }),
  'softmax over the last axis': () => layers.softmax({ axis: -1 }),
  'softmax over two axes': () => layers.softmax({ axis: [1, 2] as never }),
  'thresholded relu': () => layers.thresholdedReLU({ theta: 0.3 }),
  'batch normalization': () => layers.batchNormalization(),
  'batch normalization without scale': () => layers.batchNormalization({ axis: 2, scale: false }),
  'batch normalization without center': () => layers.batchNormalization({ center: false }),
  'layer normalization': () => layers.layerNormalization(),
  'layer normalization without scale and center': () =>
    layers.layerNormalization({ scale: false, center: false }),
  'layer normalization over time': () => layers.layerNormalization({ axis: 1 }),
  'layer normalization over two axes': () => layers.layerNormalization({ axis: [1, 2] }),
  'layer normalization over two axes, the last one first': () => layers.layerNormalization({ axis: [2, -2] }),
  conv1d: () => layers.conv1d({ filters: 3, kernelSize: 2 }),
  'conv1d same': () => layers.conv1d({ filters: 3, kernelSize: 4, padding: 'same', activation: 'relu' }),
  'conv1d same with strides': () => layers.conv1d({ filters: 3, kernelSize: 3, padding: 'same', strides: 2 }),
  'conv1d dilated': () => layers.conv1d({ filters: 3, kernelSize: 2, dilationRate: 3, useBias: false }),
  rescaling: () => layers.rescaling({ scale: 2, offset: 0.5 }),
  'max pooling': () => layers.maxPooling1d({ poolSize: 2 }),
  'max pooling same': () => layers.maxPooling1d({ poolSize: 3, strides: 2, padding: 'same' }),
  'average pooling': () => layers.averagePooling1d({ poolSize: 3, strides: 1 }),
  'average pooling same': () => layers.averagePooling1d({ poolSize: 4, strides: 3, padding: 'same' }),
  'global max pooling': () => layers.globalMaxPooling1d(),
  'global average pooling': () => layers.globalAveragePooling1d(),
  'time distributed dense': () =>
    layers.timeDistributed({ layer: layers.dense({ units: 2, activation: 'relu' }) }),
  'time distributed softmax': () =>
    layers.timeDistributed({ layer: layers.activation({ activation: 'softmax' }) }),
  'time distributed model': () =>
    layers.timeDistributed({
      layer: sequentialOf(
        layers.dense({ units: 3, activation: 'tanh', inputShape: [4] }),
        layers.reshape({ targetShape: [3, 1] }),
        layers.gru({ units: 2 }),
      ),
    }),
  'time distributed layer normalization': () =>
    layers.timeDistributed({ layer: layers.layerNormalization() }),
};

/** Layers for [batch, 6, 5, 2]. */
const imageLayers: Record<string, () => Layer> = {
  conv2d: () => layers.conv2d({ filters: 3, kernelSize: [2, 3] }),
  'conv2d same with strides': () =>
    layers.conv2d({ filters: 3, kernelSize: 3, strides: [2, 1], padding: 'same', activation: 'tanh' }),
  'conv2d dilated': () => layers.conv2d({ filters: 2, kernelSize: 2, dilationRate: [2, 2], padding: 'same' }),
  'depthwise conv2d': () => layers.depthwiseConv2d({ kernelSize: 2, depthMultiplier: 2, padding: 'same' }),
  'max pooling': () => layers.maxPooling2d({ poolSize: [2, 3], strides: [1, 2], padding: 'same' }),
  'average pooling': () => layers.averagePooling2d({ poolSize: 2, padding: 'same' }),
  'global max pooling': () => layers.globalMaxPooling2d({}),
  'global average pooling': () => layers.globalAveragePooling2d({}),
  'time distributed conv1d': () =>
    layers.timeDistributed({ layer: layers.conv1d({ filters: 3, kernelSize: 2 }) }),
  'time distributed lstm': () => layers.timeDistributed({ layer: layers.lstm({ units: 3 }) }),
  flatten: () => layers.flatten(),
  'zero padding': () =>
    layers.zeroPadding2d({
      padding: [
        [1, 2],
        [0, 3],
      ],
    }),
  cropping: () =>
    layers.cropping2D({
      cropping: [
        [1, 2],
        [0, 1],
      ],
    }),
  'separable conv2d': () =>
    layers.separableConv2d({
      filters: 3,
      kernelSize: 2,
      depthMultiplier: 2,
      padding: 'same',
      activation: 'relu',
    }),
  'separable conv2d with strides': () =>
    layers.separableConv2d({ filters: 3, kernelSize: 3, strides: [2, 2], useBias: false }),
  'transposed conv2d': () => layers.conv2dTranspose({ filters: 3, kernelSize: [3, 2], strides: 2 }),
  'transposed conv2d same': () =>
    layers.conv2dTranspose({ filters: 3, kernelSize: [4, 3], strides: [2, 1], padding: 'same' }),
  'transposed conv2d with strides beyond its size': () =>
    layers.conv2dTranspose({ filters: 2, kernelSize: 1, strides: 2, padding: 'same', activation: 'tanh' }),
  'transposed conv2d channels first': () =>
    layers.conv2dTranspose({ filters: 3, kernelSize: 2, dataFormat: 'channelsFirst', activation: 'softmax' }),
  'conv2d channels first': () =>
    layers.conv2d({ filters: 3, kernelSize: 2, dataFormat: 'channelsFirst', activation: 'softmax' }),
  'depthwise conv2d channels first': () =>
    layers.depthwiseConv2d({ kernelSize: 2, dataFormat: 'channelsFirst', strides: 2 }),
  'separable conv2d channels first': () =>
    layers.separableConv2d({
      filters: 3,
      kernelSize: 2,
      dataFormat: 'channelsFirst',
      useBias: false,
      activation: 'softmax',
    }),
  'separable conv2d dilated': () => layers.separableConv2d({ filters: 3, kernelSize: 2, dilationRate: 2 }),
  'max pooling channels first': () => layers.maxPooling2d({ poolSize: 2, dataFormat: 'channelsFirst' }),
  'average pooling channels first': () =>
    layers.averagePooling2d({ poolSize: 2, dataFormat: 'channelsFirst', padding: 'same' }),
  'global average pooling channels first': () =>
    layers.globalAveragePooling2d({ dataFormat: 'channelsFirst' }),
  'zero padding channels first': () => layers.zeroPadding2d({ padding: [1, 2], dataFormat: 'channelsFirst' }),
  'cropping channels first': () =>
    layers.cropping2D({
      cropping: [
        [1, 0],
        [0, 1],
      ],
      dataFormat: 'channelsFirst',
    }),
  'layer normalization over an image': () => layers.layerNormalization({ axis: [1, 2] }),
  'layer normalization over axes apart': () => layers.layerNormalization({ axis: [3, 1] }),
  'softmax over an image': () => layers.softmax({ axis: [1, 2] as never }),
  'up-sampling': () => layers.upSampling2d({ size: [2, 3] }),
  'up-sampling channels first': () => layers.upSampling2d({ size: [2, 3], dataFormat: 'channelsFirst' }),
  'up-sampling on lines': () => layers.upSampling2d({ size: [2, 3], interpolation: 'bilinear' }),
};

/** Layers for [batch, 4, 5, 3, 2]. */
const volumeLayers: Record<string, () => Layer> = {
  conv3d: () => layers.conv3d({ filters: 3, kernelSize: [2, 3, 1], activation: 'tanh' }),
  'conv3d same with strides': () =>
    layers.conv3d({ filters: 2, kernelSize: 3, strides: [1, 2, 2], padding: 'same' }),
  'conv3d channels first': () => layers.conv3d({ filters: 2, kernelSize: 2, dataFormat: 'channelsFirst' }),
  'transposed conv3d': () => layers.conv3dTranspose({ filters: 2, kernelSize: [2, 1, 3], strides: 2 }),
  'transposed conv3d same': () =>
    layers.conv3dTranspose({
      filters: 2,
      kernelSize: 3,
      strides: [2, 1, 1],
      padding: 'same',
      useBias: false,
    }),
  'max pooling': () => layers.maxPooling3d({ poolSize: 2, strides: 1, padding: 'valid' } as never),
  'max pooling same': () =>
    layers.maxPooling3d({ poolSize: [3, 2, 2], strides: 2, padding: 'same' } as never),
  'average pooling': () => layers.averagePooling3d({ poolSize: 2 }),
  'average pooling same': () =>
    layers.averagePooling3d({ poolSize: 3, strides: 2, padding: 'same' } as never),
};

describe('exportModel', () => {
  it.each(activations)('gives the values of activation %s', async (name) => {
    // One of them has another name in the types of TensorFlow.js than in the library.
    const activation = name as 'relu';
    await check(() => chain(layers.dense({ units: 4, activation, inputShape: [3] })), [3]);
    await check(() => chain(layers.dense({ units: 4, activation, inputShape: [null, 3] })), [2, 5]);
    await check(() => chain(layers.activation({ activation, inputShape: [4] })), [3]);
  });

  it.each(Object.entries(sequenceLayers))('gives the values of %s on a sequence', async (_name, make) => {
    for (const batch of [1, 3]) {
      // Between recurrent layers a sequence is time-major.
      await check(() => chain(layers.dense({ units: 4, inputShape: [6, 2] }), make()), [batch]);
      await check(
        () => chain(layers.gru({ units: 4, returnSequences: true, inputShape: [6, 2] }), make()),
        [batch],
      );
    }
  });

  it.each(Object.entries(imageLayers))('gives the values of %s on an image', async (_name, make) => {
    for (const batch of [1, 3])
      await check(
        () => chain(layers.activation({ activation: 'tanh', inputShape: [6, 5, 2] }), make()),
        [batch],
      );
  });

  it('leaves channels first between convolutions, with one Transpose at each end', async () => {
    const net = chain(
      layers.conv2d({ filters: 3, kernelSize: 2, activation: 'relu', inputShape: [7, 6, 2] }),
      layers.maxPooling2d({ poolSize: 2, strides: 1 }),
      layers.dropout({ rate: 0.5 }),
      layers.depthwiseConv2d({ kernelSize: 2, padding: 'same' }),
      layers.conv2dTranspose({ filters: 2, kernelSize: 3, activation: 'swish' }),
      layers.upSampling2d({ size: [2, 2] }),
      layers.separableConv2d({ filters: 3, kernelSize: 2 }),
      layers.permute({ dims: [2, 1, 3] }),
      layers.permute({ dims: [2, 1, 3] }),
    );
    randomizeWeights(net, 5);
    const { exported, difference } = await compare(net, [2]);
    expect(difference).toBeLessThan(ATOL);
    expect(exported.model.graph.nodes.filter(({ op }) => op === 'Transpose')).toHaveLength(2);
  });

  it.each(Object.entries(volumeLayers))('gives the values of %s on a volume', async (_name, make) => {
    await check(
      () => chain(layers.activation({ activation: 'tanh', inputShape: [4, 5, 3, 2] }), make()),
      [2],
    );
  });

  it.each([14, 16, 17, 18, 21])('gives the values of ops that changed, with opset %i', async (opset) => {
    const make = (): LayersModel =>
      chain(
        layers.bidirectional({
          layer: layers.lstm({ units: 3, returnSequences: true }),
          mergeMode: 'ave',
          inputShape: [null, 2],
        }),
        layers.layerNormalization(),
        layers.conv1d({ filters: 3, kernelSize: 2, padding: 'same', strides: 2 }),
        layers.globalAveragePooling1d({}),
      );
    await check(make, [2, 5], { options: { opset } });
  });
});
