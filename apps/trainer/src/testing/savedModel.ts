import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createRandom } from '@onda/series';

export type Json = Record<string, unknown>;

/** A layer entry of model.json. */
export const layer = (class_name: string, name: string, config: Json): Json => ({
  class_name,
  config: { name, trainable: true, ...config },
});

/** Shapes of weights by name, in the order of the file. */
export type WeightShapes = Record<string, readonly number[]>;

/** Creates an empty temporary folder. */
export const emptyFolder = (): string => mkdtempSync(path.join(tmpdir(), 'onda-export-'));

/**
 * Writes a Sequential model in TensorFlow.js's format, with random weights from a fixed seed.
 *
 * @param shards number of weight files
 * @param maker  `keras_version` and `backend`; default: none, as for TensorFlow.js
 * @returns the folder
 */
export function saveModel(
  layers: readonly Json[],
  weights: WeightShapes,
  shards = 1,
  maker: Json = {},
): string {
  const folder = path.join(emptyFolder(), 'model');
  mkdirSync(folder);
  const size = Object.values(weights).reduce((sum, dims) => sum + count(dims), 0);
  const random = createRandom(4);
  const values = Float32Array.from({ length: size }, () => random.uniform(-0.7, 0.7));
  const bytes = new Uint8Array(values.buffer);
  const step = Math.ceil(bytes.length / shards);
  const paths = Array.from({ length: shards }, (_, index) => `group1-shard${index + 1}of${shards}.bin`);
  paths.forEach((name, index) => {
    writeFileSync(path.join(folder, name), bytes.subarray(index * step, (index + 1) * step));
  });
  const document = {
    format: 'layers-model',
    modelTopology: { ...maker, class_name: 'Sequential', config: { name: 'saved', layers } },
    weightsManifest: [
      {
        paths,
        weights: Object.entries(weights).map(([name, shape]) => ({ name, shape, dtype: 'float32' })),
      },
    ],
  };
  writeFileSync(path.join(folder, 'model.json'), JSON.stringify(document));
  return folder;
}

function count(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/** Token ids into an LSTM of 6 units, 3 outputs after the last. */
export function wordsModel(shards = 1): string {
  return saveModel(
    [
      layer('Embedding', 'words', {
        batch_input_shape: [null, null],
        dtype: 'float32',
        input_dim: 20,
        output_dim: 4,
      }),
      layer('LSTM', 'lstm', { units: 6, recurrent_initializer: { class_name: 'Orthogonal', config: {} } }),
      layer('Dense', 'dense', { units: 3, activation: 'softmax' }),
    ],
    {
      'words/embeddings': [20, 4],
      'lstm/kernel': [4, 24],
      'lstm/recurrent_kernel': [6, 24],
      'lstm/bias': [24],
      'dense/kernel': [6, 3],
      'dense/bias': [3],
    },
    shards,
  );
}

/** A convolution over time, then a SimpleRNN. */
export function convolutionModel(): string {
  return saveModel(
    [
      layer('Conv1D', 'conv', {
        batch_input_shape: [null, null, 2],
        dtype: 'float32',
        filters: 3,
        kernel_size: [5],
        strides: [1],
        dilation_rate: [1],
        padding: 'valid',
      }),
      layer('SimpleRNN', 'rnn', { units: 3, return_sequences: true }),
    ],
    {
      'conv/kernel': [5, 2, 3],
      'conv/bias': [3],
      'rnn/kernel': [3, 3],
      'rnn/recurrent_kernel': [3, 3],
      'rnn/bias': [3],
    },
  );
}

/** A dense layer of 600 weights. */
export function wideModel(): string {
  return saveModel(
    [layer('Dense', 'dense', { batch_input_shape: [null, 20], dtype: 'float32', units: 30 })],
    { 'dense/kernel': [20, 30], 'dense/bias': [30] },
  );
}

/** A state dict of PyTorch as a safetensors file: nn.RNN(1, 2) and nn.Linear(2, 1). */
export function torchModel(): string {
  const shapes: [string, number[]][] = [
    ['rnn.weight_ih_l0', [2, 1]],
    ['rnn.weight_hh_l0', [2, 2]],
    ['rnn.bias_ih_l0', [2]],
    ['rnn.bias_hh_l0', [2]],
    ['linear.weight', [1, 2]],
    ['linear.bias', [1]],
  ];
  const header: Record<string, object> = {};
  const values: number[] = [];
  for (const [name, shape] of shapes) {
    const start = values.length;
    const size = shape.reduce((product, dim) => product * dim, 1);
    for (let index = 0; index < size; index++) values.push(0.5 * Math.sin(values.length + 1));
    header[name] = { dtype: 'F32', shape, data_offsets: [4 * start, 4 * values.length] };
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const file = path.join(emptyFolder(), 'model.safetensors');
  writeFileSync(file, Buffer.concat([length, text, Buffer.from(Float32Array.from(values).buffer)]));
  return file;
}
