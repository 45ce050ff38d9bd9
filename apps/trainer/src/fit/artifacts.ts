import { readdirSync } from 'node:fs';
import path from 'node:path';
import { ModelError } from '@onda/contract';
import type { io } from '@tensorflow/tfjs-core';
import { readInput } from '../files.ts';

const topologyFile = 'model.json';
const weightsFile = 'weights.bin';

/** The files of TensorFlow.js's layers-model format: `tf.loadLayersModel` reads them as they are. */
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
    [weightsFile]: joined([artifacts.weightData ?? []].flat().map((part) => new Uint8Array(part))),
  };
}

/** A layers model with its weights in memory: what a net gives and the exporter reads. */
export interface LayersModel extends io.ModelArtifacts {
  modelTopology: object;
  weightSpecs: io.WeightsManifestEntry[];
  weightData: ArrayBuffer;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

interface WeightGroup {
  paths: string[];
  weights: io.WeightsManifestEntry[];
}

const isGroup = (value: unknown): value is WeightGroup =>
  isObject(value) &&
  Array.isArray(value.weights) &&
  Array.isArray(value.paths) &&
  value.paths.every((name) => typeof name === 'string');

/**
 * Reads a TensorFlow.js layers model.
 *
 * @param source model.json, or the folder that holds it
 * @throws DataError when a file cannot be read, ModelError when it is not a layers model or its weights are not whole
 */
export function readArtifacts(source: string): LayersModel {
  const file = isFolder(source) ? path.join(source, topologyFile) : source;
  let document: unknown;
  try {
    document = JSON.parse(readInput(file, 'model').toString('utf8'));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new ModelError(`${file}: not JSON: ${error.message}; give a model.json that TensorFlow.js saved`, {
      cause: error,
    });
  }
  if (isObject(document) && document.format === 'graph-model') {
    throw new ModelError(
      `${file}: expected a layers model, got a graph model, whose layers are not known any more; convert the Keras model with --output_format tfjs_layers_model`,
    );
  }
  if (!isObject(document) || !isObject(document.modelTopology) || !Array.isArray(document.weightsManifest)) {
    throw new ModelError(
      `${file}: expected modelTopology and weightsManifest, as tf.LayersModel.save writes them, got ${isObject(document) ? `the keys ${Object.keys(document).join(', ')}` : typeof document}; give a layers model`,
    );
  }
  const groups: unknown[] = document.weightsManifest;
  const bad = groups.findIndex((group) => !isGroup(group));
  if (bad >= 0) {
    throw new ModelError(
      `${file}: weightsManifest[${bad}]: expected paths and weights; save the model again`,
    );
  }
  const parts = (groups as WeightGroup[]).flatMap((group) =>
    group.paths.map((name) => {
      if (path.isAbsolute(name) || name.split(/[\\/]/).includes('..')) {
        throw new ModelError(
          `${file}: weightsManifest: expected paths beside the file, got ${JSON.stringify(name)}; save the model again`,
        );
      }
      return readInput(path.join(path.dirname(file), name), 'weights');
    }),
  );
  return {
    modelTopology: document.modelTopology,
    weightSpecs: (groups as WeightGroup[]).flatMap((group) => group.weights),
    weightData: joined(parts).buffer,
    ...(isObject(document.userDefinedMetadata) && {
      userDefinedMetadata: document.userDefinedMetadata as Record<string, object>,
    }),
  };
}

/** The parts in one piece, in memory of its own. */
function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
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
