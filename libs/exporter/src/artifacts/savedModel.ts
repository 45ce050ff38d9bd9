import { clipped, ModelError, quoted } from '@onda/contract';
import { isObject } from './json.ts';

/** Name, shape and encoding of one weight in the weight data. */
export interface WeightEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  /** Values are stored as `(value - min) / scale` in `dtype`, or as half floats. */
  readonly quantization?: { readonly dtype: string; readonly scale?: number; readonly min?: number };
}

/** The part of TensorFlow.js's `tf.io.ModelArtifacts` that an export needs. */
export interface LayersArtifacts {
  /** The parsed topology of model.json, as from `model.toJSON(null, false)`. */
  readonly modelTopology?: unknown;
  readonly weightSpecs?: readonly WeightEntry[];
  /** The bytes of all weights in the order of the specs, in one or several buffers. */
  readonly weightData?: ArrayBuffer | readonly ArrayBuffer[];
}

/** The contents of a saved model.json and its weight files, with the metadata of its maker. */
export interface SavedModel {
  readonly modelTopology: object;
  readonly weightSpecs: WeightEntry[];
  readonly weightData: ArrayBuffer;
  readonly userDefinedMetadata?: Record<string, object>;
}

/** The artifacts of a topology and its float32 weights, with their bytes in one buffer. */
export function savedModelOf(
  modelTopology: object,
  weights: readonly (Pick<WeightEntry, 'name' | 'shape'> & { readonly data: Float32Array })[],
): SavedModel {
  const weightData = joined(
    weights.map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  );
  const weightSpecs = weights.map(({ name, shape }) => ({ name, shape, dtype: 'float32' }));
  return { modelTopology, weightSpecs, weightData };
}

interface WeightGroup {
  readonly paths: string[];
  readonly weights: WeightEntry[];
}

/**
 * Reads a layers model that TensorFlow.js saved or tensorflowjs_converter converted from Keras.
 *
 * @param text   contents of model.json
 * @param file   name of the file for errors
 * @param shard  returns a weight file by its path relative to model.json
 * @throws ModelError for anything but a layers model; errors of `shard`
 */
export function readSavedModel(text: string, file: string, shard: (path: string) => Uint8Array): SavedModel {
  const document = parse(text, file);
  const stored = isObject(document) ? document['modelTopology'] : undefined;
  // A graph model's topology is a GraphDef: a list of nodes.
  const graph = isObject(stored) && Array.isArray(stored['node']);
  if (graph || (isObject(document) && document['format'] === 'graph-model')) {
    throw new ModelError(
      `${file}: expected a layers model, got a graph model, which no longer has layers; convert the Keras model with --output_format tfjs_layers_model`,
    );
  }
  const { modelTopology, weightsManifest, weightSpecs, weightData, userDefinedMetadata } = isObject(document)
    ? document
    : {};
  const metadata = isObject(userDefinedMetadata) && {
    userDefinedMetadata: userDefinedMetadata as Record<string, object>,
  };
  // Artifacts in one JSON, as copied from IndexedDB.
  if (isObject(modelTopology) && Array.isArray(weightSpecs) && typeof weightData === 'string') {
    const bytes = bytesOfBase64(weightData, file);
    return { modelTopology, weightSpecs: weightSpecs as WeightEntry[], weightData: bytes, ...metadata };
  }
  if (!isObject(modelTopology) || !Array.isArray(weightsManifest)) {
    throw new ModelError(
      `${file}: expected modelTopology and weightsManifest, as tf.LayersModel.save writes them, got ${isObject(document) ? `the keys ${clipped(Object.keys(document).join(', '))}` : typeof document}; pass a layers model`,
    );
  }
  const groups = weightsManifest.map((group: unknown, index) => {
    if (isGroup(group)) return group;
    throw new ModelError(
      `${file}: weightsManifest[${index}]: expected paths and weights; save the model again`,
    );
  });
  const paths = groups.flatMap((group) => group.paths);
  const once = new Set<string>();
  for (const path of paths) {
    checkPath(path, file);
    if (once.has(path)) {
      throw new ModelError(
        `${file}: weightsManifest: expected each weight file once, got ${quoted(path)} again; save the model again`,
      );
    }
    once.add(path);
  }
  return {
    modelTopology,
    weightSpecs: groups.flatMap(({ weights }) => weights),
    weightData: joined(paths.map(shard)),
    ...metadata,
  };
}

function bytesOfBase64(text: string, file: string): ArrayBuffer {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer;
  } catch (cause) {
    throw new ModelError(`${file}: weightData: expected base64, got other text; save the model again`, {
      cause,
    });
  }
}

/** The first characters of an HDF5 file, decoded as UTF-8, and of a zip. */
const BINARY = /^(.HDF\r\n|PK)/s;

function parse(text: string, file: string): unknown {
  if (BINARY.test(text)) {
    throw new ModelError(
      `${file}: expected a model.json, got ${text.startsWith('PK') ? 'a zip, such as a .keras file' : 'an HDF5 file'}; convert it with tensorflowjs_converter --output_format tfjs_layers_model`,
    );
  }
  try {
    return JSON.parse(text.replace(/^\uFEFF/, '')) as unknown;
  } catch (error) {
    throw new ModelError(
      `${file}: not JSON: ${error instanceof Error ? error.message : String(error)}; pass a model.json saved by TensorFlow.js`,
      { cause: error },
    );
  }
}

function isGroup(group: unknown): group is WeightGroup {
  if (!isObject(group)) return false;
  const { paths, weights } = group;
  return Array.isArray(weights) && Array.isArray(paths) && paths.every((name) => typeof name === 'string');
}

function checkPath(path: string, file: string): void {
  const parts = path.split(/[\\/]/);
  // Absolute paths start with an empty part or a drive letter.
  if (parts[0] !== '' && !/^[A-Za-z]:$/.test(parts[0]) && !parts.includes('..')) return;
  throw new ModelError(
    `${file}: weightsManifest: expected paths beside the file, got ${quoted(path)}; save the model again`,
  );
}

/** Joins the parts. A single part that fills its buffer is not copied: weights may take gigabytes. */
function joined(parts: readonly Uint8Array[]): ArrayBuffer {
  const [{ buffer, byteLength } = new Uint8Array()] = parts;
  if (parts.length === 1 && buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) return buffer;
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole.buffer;
}
