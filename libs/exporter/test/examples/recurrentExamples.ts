import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { input, layers, model, sequential } from '@tensorflow/tfjs-layers';
import type { Example } from './example.ts';

type Layer = NonNullable<NonNullable<Parameters<typeof sequential>[0]>['layers']>[number];
const stack = (...parts: Layer[]): LayersModel => sequential({ layers: parts });
const apply = (layer: Layer, ...values: SymbolicTensor[]): SymbolicTensor[] => {
  const given = layer.apply(values.length === 1 ? values[0] : values) as SymbolicTensor | SymbolicTensor[];
  return Array.isArray(given) ? given : [given];
};

// The weights are replaced; the default orthogonal initializer would only take time.
const drawn = { recurrentInitializer: 'glorotNormal' } as const;

/** Two numbers of two digits as text in, their sum as text out. */
function addition(cell: 'simpleRNN' | 'gru' | 'lstm'): LayersModel {
  const layer = (options: object): Layer => layers[cell]({ units: 128, ...drawn, ...options });
  return stack(
    layer({ inputShape: [5, 12] }),
    layers.repeatVector({ n: 3 }),
    layer({ returnSequences: true }),
    layers.timeDistributed({ layer: layers.dense({ units: 12 }) }),
    layers.activation({ activation: 'softmax' }),
  );
}

/** Ten days of fourteen measures, an hour apart: the temperature a day later. */
const weather = { inputShape: [240, 14] };

function textGeneration(...units: number[]): LayersModel {
  const chars = 71;
  return stack(
    ...units.map((size, index) =>
      layers.lstm({
        units: size,
        ...drawn,
        returnSequences: index < units.length - 1,
        ...(index === 0 && { inputShape: [40, chars] }),
      }),
    ),
    layers.dense({ units: chars, activation: 'softmax' }),
  );
}

function sentiment(recurrent: Layer): LayersModel {
  return stack(
    layers.embedding({ inputDim: 200, outputDim: 32, inputLength: 100 }),
    recurrent,
    layers.dense({ units: 1, activation: 'sigmoid' }),
  );
}

/** Letters of one language in, and of another, one behind: what trains the translation. */
function translation(): LayersModel {
  const latent = 256;
  const encoderIn = input({ shape: [null, 71] });
  const decoderIn = input({ shape: [null, 93] });
  const [, h, c] = apply(layers.lstm({ units: latent, ...drawn, returnState: true }), encoderIn);
  const decoder = layers.lstm({ units: latent, ...drawn, returnSequences: true, returnState: true });
  const [values] = apply(decoder, decoderIn, h, c);
  const outputs = apply(layers.dense({ units: 93, activation: 'softmax' }), values);
  return model({ inputs: [encoderIn, decoderIn], outputs });
}

/** The half of it that writes a letter at a time, its states in and out. */
function translationDecoder(): LayersModel {
  const latent = 256;
  const letters = input({ shape: [null, 93] });
  const before = [input({ shape: [latent] }), input({ shape: [latent] })];
  const decoder = layers.lstm({ units: latent, ...drawn, returnSequences: true, returnState: true });
  const [values, ...after] = apply(decoder, letters, ...before);
  const [probabilities] = apply(layers.dense({ units: 93, activation: 'softmax' }), values);
  return model({ inputs: [letters, ...before], outputs: [probabilities, ...after] });
}

/**
 * Dates in many forms to one form, by attention. The collection takes the encoder's last sample by a custom layer class; here it is
 * the state that the LSTM layer returns, the same values. It masks words of 0 too, which the test of masks holds: here TensorFlow.js refuses
 * to run masks beside initial states that are inputs.
 */
function dateConversion(): LayersModel {
  const [encoderIn, decoderIn] = [input({ shape: [12] }), input({ shape: [10] })];
  const embed = (): Layer => layers.embedding({ inputDim: 35, outputDim: 64 });
  const options = { units: 64, ...drawn, returnSequences: true };
  const [encoder, last] = apply(layers.lstm({ ...options, returnState: true }), ...apply(embed(), encoderIn));
  const [decoder] = apply(layers.lstm(options), ...apply(embed(), decoderIn), last, last);
  const attention = apply(layers.dot({ axes: [2, 2] }), decoder, encoder);
  const weights = apply(layers.activation({ activation: 'softmax' }), ...attention);
  const context = apply(layers.dot({ axes: [2, 1] }), ...weights, encoder);
  const both = apply(layers.concatenate(), ...context, decoder);
  const dense = (units: number, activation: 'tanh' | 'softmax'): Layer =>
    layers.timeDistributed({ layer: layers.dense({ units, activation }) });
  const outputs = apply(dense(13, 'softmax'), ...apply(dense(64, 'tanh'), ...both));
  return model({ inputs: [encoderIn, decoderIn], outputs });
}

export const recurrentExamples: readonly Example[] = [
  ...(['simpleRNN', 'gru', 'lstm'] as const).map((cell): Example => ({
    name: `addition-rnn, ${cell}`,
    build: () => addition(cell),
    open: [2],
    nodes: 12,
    recurrent: 2,
  })),
  {
    name: 'jena-weather, simpleRNN',
    build: () => stack(layers.simpleRNN({ units: 32, ...drawn, ...weather }), layers.dense({ units: 1 })),
    open: [2],
    nodes: 4,
    recurrent: 1,
  },
  {
    name: 'jena-weather, gru with dropout',
    build: () =>
      stack(
        layers.gru({ units: 32, ...drawn, dropout: 0.1, recurrentDropout: 0.5, ...weather }),
        layers.dense({ units: 1 }),
      ),
    open: [2],
    nodes: 4,
    recurrent: 1,
  },
  {
    name: 'lstm-text-generation, one layer',
    build: () => textGeneration(128),
    open: [2],
    nodes: 5,
    recurrent: 1,
  },
  {
    name: 'lstm-text-generation, two layers',
    build: () => textGeneration(128, 64),
    open: [2],
    nodes: 7,
    recurrent: 2,
  },
  {
    name: 'sentiment, simpleRNN',
    build: () => sentiment(layers.simpleRNN({ units: 32, ...drawn })),
    open: [2],
    words: 200,
    nodes: 7,
    recurrent: 1,
  },
  {
    name: 'sentiment, lstm',
    build: () => sentiment(layers.lstm({ units: 32, ...drawn })),
    open: [2],
    words: 200,
    nodes: 7,
    recurrent: 1,
  },
  {
    name: 'sentiment, bidirectional lstm',
    build: () =>
      sentiment(layers.bidirectional({ layer: layers.lstm({ units: 32, ...drawn }), mergeMode: 'concat' })),
    open: [2],
    words: 200,
    nodes: 8,
    recurrent: 1,
  },
  { name: 'translation, training', build: translation, open: [2, 7], nodes: 13, recurrent: 2 },
  { name: 'translation, decoder', build: translationDecoder, open: [2, 1], nodes: 11, recurrent: 1 },
  { name: 'date-conversion-attention', build: dateConversion, open: [2], words: 35, nodes: 26, recurrent: 2 },
];
