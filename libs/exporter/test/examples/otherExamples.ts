import type { LayersModel } from '@tensorflow/tfjs-layers';
import { input, layers, model, sequential } from '@tensorflow/tfjs-layers';
import type { Example } from './example.ts';

type Layer = NonNullable<NonNullable<Parameters<typeof sequential>[0]>['layers']>[number];
const stack = (...parts: Layer[]): LayersModel => sequential({ layers: parts });
const weather = { inputShape: [240, 14] };

/** Digits: convolutions and pooling. */
function digits(): LayersModel {
  const relu = { activation: 'relu' } as const;
  return stack(
    layers.conv2d({ inputShape: [28, 28, 1], kernelSize: 5, filters: 8, ...relu }),
    layers.maxPooling2d({ poolSize: [2, 2], strides: [2, 2] }),
    layers.conv2d({ kernelSize: 5, filters: 16, ...relu }),
    layers.maxPooling2d({ poolSize: [2, 2], strides: [2, 2] }),
    layers.flatten(),
    layers.dense({ units: 10, activation: 'softmax' }),
  );
}

/** Digits drawn from noise and a class; a quarter of the collection's channels, for the time that TensorFlow.js needs. */
function generator(): LayersModel {
  const [latent, digit] = [input({ shape: [100] }), input({ shape: [1] })];
  const images = stack(
    layers.dense({ units: 3 * 3 * 96, inputShape: [100], activation: 'relu' }),
    layers.reshape({ targetShape: [3, 3, 96] }),
    layers.conv2dTranspose({ filters: 48, kernelSize: 5, strides: 1, padding: 'valid', activation: 'relu' }),
    layers.batchNormalization(),
    layers.conv2dTranspose({ filters: 24, kernelSize: 5, strides: 2, padding: 'same', activation: 'relu' }),
    layers.batchNormalization(),
    layers.conv2dTranspose({ filters: 1, kernelSize: 5, strides: 2, padding: 'same', activation: 'tanh' }),
  );
  const embedded = layers.embedding({ inputDim: 10, outputDim: 100 }).apply(digit);
  const flat = layers.flatten().apply(embedded);
  const h = layers.multiply().apply([latent, flat] as (typeof latent)[]);
  return model({ inputs: [latent, digit], outputs: images.apply(h) as typeof latent });
}

function snake(): LayersModel {
  const conv = { kernelSize: 3, strides: 1, activation: 'relu' } as const;
  return stack(
    layers.conv2d({ filters: 128, ...conv, inputShape: [9, 9, 2] }),
    layers.batchNormalization(),
    layers.conv2d({ filters: 256, ...conv }),
    layers.batchNormalization(),
    layers.conv2d({ filters: 256, ...conv }),
    layers.flatten(),
    layers.dense({ units: 100, activation: 'relu' }),
    layers.dropout({ rate: 0.25 }),
    layers.dense({ units: 3 }),
  );
}

const dense = (
  units: number,
  activation: 'relu' | 'sigmoid' | 'softmax' | 'elu' | 'linear' = 'linear',
  from?: number,
): Layer => layers.dense({ units, activation, ...(from !== undefined && { inputShape: [from] }) });

export const otherExamples: readonly Example[] = [
  {
    name: 'jena-weather, linear',
    build: () => stack(layers.flatten(weather), dense(1)),
    open: [2],
    nodes: 2,
    recurrent: 0,
  },
  {
    name: 'jena-weather, multi-layer with dropout',
    build: () => stack(layers.flatten(weather), dense(32, 'relu'), layers.dropout({ rate: 0.25 }), dense(1)),
    open: [2],
    nodes: 4,
    recurrent: 0,
  },
  {
    name: 'sentiment, multihot',
    build: () => stack(dense(16, 'relu', 200), dense(16, 'relu'), dense(1, 'sigmoid')),
    open: [2],
    nodes: 6,
    recurrent: 0,
  },
  {
    name: 'sentiment, flatten',
    build: () =>
      stack(
        layers.embedding({ inputDim: 200, outputDim: 32, inputLength: 100 }),
        layers.flatten(),
        dense(1, 'sigmoid'),
      ),
    open: [2],
    words: 200,
    nodes: 5,
    recurrent: 0,
  },
  {
    name: 'sentiment, cnn',
    build: () =>
      stack(
        layers.embedding({ inputDim: 200, outputDim: 32, inputLength: 100 }),
        layers.dropout({ rate: 0.5 }),
        layers.conv1d({ filters: 250, kernelSize: 3, strides: 1, padding: 'valid', activation: 'relu' }),
        layers.globalMaxPooling1d({}),
        dense(250, 'relu'),
        dense(1, 'sigmoid'),
      ),
    open: [2],
    words: 200,
    nodes: 11,
    recurrent: 0,
  },
  { name: 'mnist, convolutions', build: digits, open: [2], nodes: 17, recurrent: 0 },
  { name: 'mnist-acgan, generator', build: generator, open: [2], words: 10, nodes: 23, recurrent: 0 },
  { name: 'snake-dqn', build: snake, open: [2], nodes: 20, recurrent: 0 },
  {
    name: 'iris',
    build: () => stack(dense(10, 'sigmoid', 4), dense(3, 'softmax')),
    open: [2],
    nodes: 4,
    recurrent: 0,
  },
  {
    name: 'boston-housing, two hidden layers',
    build: () => stack(dense(50, 'sigmoid', 12), dense(50, 'sigmoid'), dense(1)),
    open: [2],
    nodes: 5,
    recurrent: 0,
  },
  { name: 'cart-pole', build: () => stack(dense(4, 'elu', 4), dense(1)), open: [2], nodes: 3, recurrent: 0 },
  {
    name: 'website-phishing',
    build: () => stack(dense(100, 'sigmoid', 30), dense(100, 'sigmoid'), dense(1, 'sigmoid')),
    open: [2],
    nodes: 6,
    recurrent: 0,
  },
];
