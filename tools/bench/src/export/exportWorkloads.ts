import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { input, layers, model, sequential } from '@tensorflow/tfjs-layers';

/** A model to export, and the values of its inputs in a run. */
export interface ExportWorkload {
  readonly name: string;
  readonly about: string;
  readonly build: () => LayersModel;
  /** Inputs are integers below this; where left out, values in +-1. */
  readonly words?: number;
  /** Converted by Onda only: the others take minutes for the largest model. */
  readonly onlyOnda?: boolean;
}

type Layer = NonNullable<NonNullable<Parameters<typeof sequential>[0]>['layers']>[number];

const stack = (...parts: Layer[]): LayersModel => sequential({ layers: parts });
const sequences = { returnSequences: true };
const from = (features: number): { inputShape: (number | null)[] } => ({ inputShape: [null, features] });
const sigmoid = { recurrentActivation: 'sigmoid' } as const;
/** Weights are drawn later; TensorFlow.js's orthogonal initializer takes minutes for a large layer. */
const zeros = { recurrentInitializer: 'zeros' } as const;

function encoderDecoder(): LayersModel {
  const encoderInput = input({ shape: [null, 20], name: 'encoder' });
  const decoderInput = input({ shape: [null, 22], name: 'decoder' });
  const encoder = layers.lstm({ ...zeros, units: 48, returnState: true, ...sigmoid });
  const [, h, c] = encoder.apply(encoderInput) as SymbolicTensor[];
  const decoder = layers.lstm({ ...zeros, units: 48, ...sequences, ...sigmoid });
  const values = decoder.apply([decoderInput, h, c]) as SymbolicTensor;
  const output = layers.dense({ units: 22, activation: 'softmax' }).apply(values) as SymbolicTensor;
  return model({ inputs: [encoderInput, decoderInput], outputs: output });
}

/** Typical recurrent models; the first has the size of the first job. */
export const exportWorkloads: readonly ExportWorkload[] = [
  {
    name: 'rnn-32',
    about: 'SimpleRNN 32, Dense on every sample: the first job',
    build: () =>
      stack(layers.simpleRNN({ ...zeros, units: 32, ...sequences, ...from(1) }), layers.dense({ units: 1 })),
  },
  {
    name: 'lstm-64',
    about: 'LSTM 64 with sigmoid gates, last value, Dense',
    build: () =>
      stack(layers.lstm({ ...zeros, units: 64, ...sigmoid, ...from(4) }), layers.dense({ units: 2 })),
  },
  {
    name: 'lstm-64-default',
    about: "LSTM 64 with TensorFlow.js's hard sigmoid gates, Dense on every sample",
    build: () =>
      stack(layers.lstm({ ...zeros, units: 64, ...sequences, ...from(4) }), layers.dense({ units: 2 })),
  },
  {
    name: 'gru-64',
    about: 'GRU 64 with sigmoid gates, Dense on every sample',
    build: () =>
      stack(
        layers.gru({ ...zeros, units: 64, ...sequences, ...sigmoid, ...from(4) }),
        layers.dense({ units: 2 }),
      ),
  },
  {
    name: 'gru-64-default',
    about: "GRU 64 with TensorFlow.js's hard sigmoid gates, last value",
    build: () => stack(layers.gru({ ...zeros, units: 64, ...from(4) }), layers.dense({ units: 2 })),
  },
  {
    name: 'lstm-2-layers',
    about: 'two LSTM layers of 64, dropout, softmax: text generation',
    build: () =>
      stack(
        layers.lstm({ ...zeros, units: 64, ...sequences, ...sigmoid, ...from(30) }),
        layers.dropout({ rate: 0.2 }),
        layers.lstm({ ...zeros, units: 64, ...sigmoid }),
        layers.dense({ units: 30, activation: 'softmax' }),
      ),
  },
  {
    name: 'bidirectional-lstm',
    about: 'Bidirectional LSTM 32, concat',
    build: () =>
      stack(
        layers.bidirectional({
          layer: layers.lstm({ ...zeros, units: 32, ...sequences, ...sigmoid }),
          mergeMode: 'concat',
          ...from(8),
        }),
        layers.dense({ units: 4 }),
      ),
  },
  {
    name: 'bidirectional-gru',
    about: 'Bidirectional GRU 32, sum',
    build: () =>
      stack(
        layers.bidirectional({
          layer: layers.gru({ ...zeros, units: 32, ...sequences, ...sigmoid }),
          mergeMode: 'sum',
          ...from(8),
        }),
        layers.dense({ units: 4 }),
      ),
  },
  {
    name: 'embedding-lstm',
    about: 'Embedding 200 x 16, LSTM 32, sigmoid: sentiment',
    words: 200,
    build: () =>
      stack(
        layers.embedding({ inputDim: 200, outputDim: 16, inputShape: [null] }),
        layers.lstm({ ...zeros, units: 32, ...sigmoid }),
        layers.dense({ units: 1, activation: 'sigmoid' }),
      ),
  },
  {
    name: 'time-distributed',
    about: 'GRU 32, RepeatVector, LSTM 32, TimeDistributed Dense: addition',
    build: () =>
      stack(
        layers.gru({ ...zeros, units: 32, ...sigmoid, ...from(12) }),
        layers.repeatVector({ n: 4 }),
        layers.lstm({ ...zeros, units: 32, ...sequences, ...sigmoid }),
        layers.timeDistributed({ layer: layers.dense({ units: 12, activation: 'softmax' }) }),
      ),
  },
  {
    name: 'encoder-decoder',
    about: 'LSTM 48 whose states start another: translation',
    build: encoderDecoder,
  },
  {
    name: 'rnn-backwards',
    about: 'SimpleRNN 32 with relu, from the end of the sequence',
    build: () =>
      stack(
        layers.simpleRNN({
          ...zeros,
          units: 32,
          activation: 'relu',
          goBackwards: true,
          ...sequences,
          ...from(4),
        }),
        layers.dense({ units: 2 }),
      ),
  },
  {
    name: 'rnn-cells',
    about: 'an LSTM and a GRU cell stacked in one RNN layer',
    build: () =>
      stack(
        layers.rnn({
          cell: [
            layers.lstmCell({ ...zeros, units: 24, ...sigmoid }),
            layers.gruCell({ ...zeros, units: 24, ...sigmoid }),
          ],
          ...sequences,
          ...from(4),
        }),
        layers.dense({ units: 2 }),
      ),
  },
  {
    name: 'lstm-10-million',
    about: 'two LSTM layers of 914: 10 million weights',
    onlyOnda: true,
    build: () =>
      stack(
        layers.lstm({ ...zeros, units: 914, ...sequences, ...sigmoid, ...from(4) }),
        layers.lstm({ ...zeros, units: 914, ...sequences, ...sigmoid }),
        layers.dense({ units: 1 }),
      ),
  },
];
