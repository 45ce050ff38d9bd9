import { readdirSync } from 'node:fs';
import path from 'node:path';
import { ConfigError } from '@onda/contract';
import { isKerasFile, readKerasFile, readSavedModel, readTorchFile } from '@onda/exporter';
import type { io } from '@tensorflow/tfjs-core';
import { readInput, readLargeInput } from '../files.ts';

const topologyFile = 'model.json';
const weightsFile = 'weights.bin';

/** The files of a model in TensorFlow.js's layers-model format, as `tf.loadLayersModel` reads it. */
export function artifactFiles(artifacts: io.ModelArtifacts): Record<string, string | Uint8Array> {
  const document = {
    format: 'layers-model',
    generatedBy: 'onda',
    convertedBy: null,
    ...(artifacts.userDefinedMetadata && { userDefinedMetadata: artifacts.userDefinedMetadata }),
    modelTopology: artifacts.modelTopology,
    weightsManifest: [{ paths: [weightsFile], weights: artifacts.weightSpecs }],
  };
  return {
    [topologyFile]: `${JSON.stringify(document, null, 1)}\n`,
    [weightsFile]: concatenate([artifacts.weightData ?? []].flat().map((part) => new Uint8Array(part))),
  };
}

/** A layers model with its weights in memory, for the exporter. */
export interface LayersModel extends io.ModelArtifacts {
  modelTopology: object;
  weightSpecs: io.WeightsManifestEntry[];
  weightData: ArrayBuffer;
}

/**
 * Reads a TensorFlow.js layers model.
 *
 * @param source model.json, or its folder
 * @throws DataError if a file cannot be read; ModelError if it is not a layers model, or weights are missing
 */
export function readArtifacts(source: string): LayersModel {
  const file = isFolder(source) ? path.join(source, topologyFile) : source;
  const folder = path.dirname(file);
  const text = readInput(file, 'model').toString('utf8');
  const { weightSpecs, ...saved } = readSavedModel(text, file, (name) =>
    readLargeInput(path.join(folder, name), 'weights'),
  );
  return { ...saved, weightSpecs: weightSpecs as io.WeightsManifestEntry[] };
}

/**
 * Reads a model of any supported form: a `.keras` or HDF5 file of Keras, a TensorFlow.js layers model, or a state dict of PyTorch.
 *
 * @param source a file, or the folder of a model.json
 * @param torch  the activation of nn.RNN in a safetensors file of PyTorch
 * @throws DataError if a file cannot be read; ModelError if it is not such a model, or weights are missing; ConfigError for a
 *   safetensors file without `torch`
 */
export async function readModelFile(source: string, torch?: 'tanh' | 'relu'): Promise<LayersModel> {
  if (torch === undefined && isFolder(source)) return readArtifacts(source);
  const bytes = readLargeInput(source, 'model');
  if (torch === undefined && source.endsWith('.safetensors')) {
    throw new ConfigError(`${source}: a state dict of PyTorch is read with --torch; add the option`);
  }
  if (torch === undefined && !isKerasFile(bytes)) return readArtifacts(source);
  const { weightSpecs, ...saved } =
    torch === undefined ? await readKerasFile(bytes, source) : await readTorchFile(bytes, source, torch);
  return { ...saved, weightSpecs: weightSpecs as io.WeightsManifestEntry[] };
}

/** A copy of the parts as one array. */
function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

function isFolder(name: string): boolean {
  try {
    readdirSync(name);
    return true;
  } catch {
    return false;
  }
}
