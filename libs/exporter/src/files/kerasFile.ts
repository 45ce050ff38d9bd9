import { ModelError } from '@onda/contract';
import { isObject } from '../artifacts/json.ts';
import type { SavedModel } from '../artifacts/savedModel.ts';
import { savedModelOf } from '../artifacts/savedModel.ts';
import type { Weight } from '../artifacts/weights.ts';
import { FileBytes } from './bytes.ts';
import type { Hdf5File } from './hdf5.ts';
import { isHdf5, readHdf5 } from './hdf5.ts';
import type { Zip } from './zip.ts';
import { isZip, readZip } from './zip.ts';

/**
 * Reads a Keras model: a `.keras` file of Keras 2.12 and later, or an HDF5 file of any version. Only the model and its weights are read:
 * nothing in the file is executed.
 *
 * @param file name of the file for errors
 * @throws ModelError for other files, damaged ones, and files with weights alone
 */
export function parseKerasFile(bytes: Uint8Array, file: string): SavedModel {
  const content = new FileBytes(bytes, file);
  if (isZip(bytes)) return readArchive(readZip(content), file);
  if (isHdf5(bytes)) return readLegacy(readHdf5(content), file);
  throw new ModelError(
    `${file}: expected a .keras or HDF5 file, got other bytes; save the model with model.save("model.keras")`,
  );
}

/** A `.keras` file: config.json, metadata.json and model.weights.h5. */
function readArchive(zip: Zip, file: string): SavedModel {
  const config = zip.read('config.json');
  if (config === undefined) {
    throw new ModelError(
      `${file}: expected a zip with config.json, as a .keras file has it, got ${zip.names.slice(0, 5).join(', ') || 'none'}; save the model with model.save("model.keras")`,
    );
  }
  const metadata = zip.read('metadata.json');
  const stored = zip.read('model.weights.h5');
  if (stored === undefined) {
    throw new ModelError(
      `${file}: expected model.weights.h5 in it, got ${zip.names.slice(0, 5).join(', ')}; save the model in one file with HDF5 weights`,
    );
  }
  const keras: unknown = metadata === undefined ? {} : parsed(metadata, `${file}: metadata.json`);
  const version = isObject(keras) ? keras['keras_version'] : undefined;
  const { datasets } = readHdf5(new FileBytes(stored, `${file}: model.weights.h5`));
  const weights: Weight[] = [];
  for (const [name, read] of datasets) {
    // Optimizers and metrics have variables too.
    if (/^(layers|_layer_checkpoint_dependencies)\//.test(name)) weights.push({ name, ...read() });
  }
  return savedModelOf(
    {
      ...(typeof version === 'string' && { keras_version: version }),
      model_config: parsed(config, `${file}: config.json`),
    },
    weights,
  );
}

/** An HDF5 file: attributes of the root and weights in groups by layer. */
function readLegacy(hdf5: Hdf5File, file: string): SavedModel {
  const config = hdf5.attribute('', 'model_config')?.at(0);
  if (config === undefined) {
    throw new ModelError(
      `${file}: expected a model with its layers, got an HDF5 file without model_config, such as of save_weights; save the whole model with model.save`,
    );
  }
  const version = hdf5.attribute('', 'keras_version')?.at(0);
  const backend = hdf5.attribute('', 'backend')?.at(0);
  const weights: Weight[] = [];
  const taken = new Set<string>();
  for (const layer of listed(hdf5, 'model_weights', 'layer_names')) {
    for (const name of listed(hdf5, `model_weights/${layer}`, 'weight_names')) {
      const path = `model_weights/${layer}/${name}`;
      const read = hdf5.datasets.get(path);
      if (read === undefined || taken.has(path)) {
        throw new ModelError(
          `${file}: weight "${name}" of layer "${layer}": expected it once in the file, got ${read === undefined ? 'none' : 'it again'}; save the model again`,
        );
      }
      taken.add(path);
      const plain = name.replace(/:\d+$/, '');
      // The group of the model distinguishes the layers of nested models.
      const unique = `/${plain}/`.includes(`/${layer}/`) ? plain : `${layer}/${plain}`;
      weights.push({ name: unique, ...read() });
    }
  }
  const topology = {
    ...(version !== undefined && { keras_version: version }),
    ...(backend !== undefined && { backend }),
    model_config: parsed(config, `${file}: model_config`),
  };
  return savedModelOf(topology, weights);
}

/** A list of names in one attribute, or in several numbered ones if it is larger than HDF5 allows (Keras' hdf5_format). */
function listed(hdf5: Hdf5File, path: string, name: string): readonly string[] {
  const whole = hdf5.attribute(path, name);
  if (whole !== undefined) return whole;
  const parts: string[] = [];
  for (let index = 0; ; index++) {
    const part = hdf5.attribute(path, `${name}${index}`);
    if (part === undefined) return parts;
    parts.push(...part);
  }
}

function parsed(source: Uint8Array | string, where: string): unknown {
  try {
    return JSON.parse(typeof source === 'string' ? source : new TextDecoder().decode(source)) as unknown;
  } catch (cause) {
    throw new ModelError(
      `${where}: not JSON: ${cause instanceof Error ? cause.message : String(cause)}; the file is damaged, save the model again`,
      { cause },
    );
  }
}
