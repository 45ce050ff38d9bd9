import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { manifestFormat, modelFiles } from '@onda/contract';
import type { Manifest, Sampling } from '@onda/contract';
import { configPbtxt, exportGenerator, exportModel, tensorSpecs } from '@onda/exporter';
import type { LayersArtifacts, StatePacking } from '@onda/exporter';
import { writeModel } from '@onda/onnx';
import { seeded } from './seeded.ts';

type Json = Record<string, unknown>;

/** A layer as model.json has it. */
const layer = (class_name: string, name: string, config: Json): Json => ({
  class_name,
  config: { name, trainable: true, dtype: 'float32', ...config },
});

/** Sequential layers with weights drawn from a fixed seed. */
function artifactsOf(layers: readonly Json[], weights: Record<string, number[]>): LayersArtifacts {
  const random = seeded(4);
  const weightSpecs = Object.entries(weights).map(([name, shape]) => ({ name, shape, dtype: 'float32' }));
  const size = weightSpecs.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const values = Float32Array.from({ length: size }, () => random() * 1.6 - 0.8);
  return {
    modelTopology: { class_name: 'Sequential', config: { name: 'made', layers } },
    weightSpecs,
    weightData: values.buffer,
  };
}

/** An LSTM of 4 units on one feature, and a read-out of so many outputs. */
export function lstmOf(outputs: number): LayersArtifacts {
  return artifactsOf(
    [
      layer('LSTM', 'lstm', { units: 4, return_sequences: true, batch_input_shape: [null, null, 1] }),
      layer('Dense', 'dense', { units: outputs }),
    ],
    {
      'lstm/kernel': [1, 16],
      'lstm/recurrent_kernel': [4, 16],
      'lstm/bias': [16],
      'dense/kernel': [4, outputs],
      'dense/bias': [outputs],
    },
  );
}

/** Words of six into an LSTM of 4 units, the next word out. */
export function wordsModel(): LayersArtifacts {
  return artifactsOf(
    [
      layer('Embedding', 'words', { batch_input_shape: [null, null], input_dim: 6, output_dim: 3 }),
      layer('LSTM', 'lstm', { units: 4, return_sequences: true }),
      layer('Dense', 'dense', { units: 6, activation: 'softmax' }),
    ],
    {
      'words/embeddings': [6, 3],
      'lstm/kernel': [3, 16],
      'lstm/recurrent_kernel': [4, 16],
      'lstm/bias': [16],
      'dense/kernel': [4, 6],
      'dense/bias': [6],
    },
  );
}

/** Windows of 5 one-hot rows into an LSTM, the next row out. */
export function windowModel(): LayersArtifacts {
  return artifactsOf(
    [
      layer('LSTM', 'lstm', { units: 4, return_sequences: false, batch_input_shape: [null, 5, 3] }),
      layer('Dense', 'dense', { units: 3, activation: 'softmax' }),
    ],
    {
      'lstm/kernel': [3, 16],
      'lstm/recurrent_kernel': [4, 16],
      'lstm/bias': [16],
      'dense/kernel': [4, 3],
      'dense/bias': [3],
    },
  );
}

export interface GeneratorOptions {
  sampling: Sampling | null;
  lag?: number;
  states?: StatePacking;
  /** Without onda.json the folder is a third-party model. */
  manifest?: boolean;
}

/** Exports a model with its generator into a repository, as `npm run export -- --generator` does. */
export async function putGenerator(
  repository: string,
  name: string,
  artifacts: LayersArtifacts,
  { sampling, lag = 1, states = 'row', manifest = true }: GeneratorOptions,
): Promise<void> {
  const loop = exportGenerator(artifacts, { sampling, lag, states });
  const { model, state } = exportModel(artifacts, { stateful: loop.state !== null, states });
  const place = join(repository, name, '1');
  await mkdir(place, { recursive: true });
  const files = { [modelFiles.sequence]: writeModel(model), [modelFiles.generator]: writeModel(loop.model) };
  for (const [file, bytes] of Object.entries(files)) await writeFile(join(place, file), bytes);
  const tensors = tensorSpecs(model.graph);
  await writeFile(join(repository, name, modelFiles.config), configPbtxt({ name, tensors, state }));
  if (!manifest) return;
  const said: Manifest = {
    format: manifestFormat,
    name,
    version: 1,
    net: null,
    tensors: { model: tensors, generator: tensorSpecs(loop.model.graph) },
    state,
    lag,
    scaler: { kind: 'none', center: [], scale: [] },
    sampling,
    prompt: loop.prompt,
    training: null,
    files: Object.fromEntries(
      Object.entries(files).map(([file, bytes]) => [
        file,
        { sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.byteLength },
      ]),
    ),
    parity: [],
    created: '2026-11-26T00:00:00.000Z',
  };
  await writeFile(join(place, modelFiles.manifest), JSON.stringify(said));
}
