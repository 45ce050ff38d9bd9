import { ConfigError } from './errors.ts';
import { quoted } from './quoted.ts';

/** File names of a model folder in a Triton model repository: `<repository>/<name>/<version>/...`. */
export const modelFiles = {
  /** Triton's model configuration, beside the version folders. */
  config: 'config.pbtxt',
  /** The sequence model, in a version folder. */
  sequence: 'model.onnx',
  /** The generator, in a version folder: prompt in, closed loop inside the graph, samples out. */
  generator: 'generator.onnx',
  /** The manifest, in a version folder. */
  manifest: 'onda.json',
} as const;

/** Tensor names of an exported Onda net; part of the public contract. */
export const tensorNames = {
  input: 'x',
  stateIn: 'state_in',
  output: 'y',
  stateOut: 'state_out',
  samples: 'samples',
  /** A generator that samples has one of the two (samplingSchema). */
  seed: 'seed',
  noise: 'noise',
} as const;

/** Name of the dim of a generator's `seed` that may also contain the number of preceding samples. */
export const seedDim = 'seed_and_from';

const modelName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/**
 * Checks a model name, which is a folder name and part of URLs: letters, digits, `.`, `_` and `-` only.
 *
 * @throws ConfigError naming `where` for an invalid name
 */
export function checkModelName(name: string, where = 'name'): string {
  if (!modelName.test(name) || name.includes('..')) {
    throw new ConfigError(
      `${where}: expected 1 to 128 letters, digits, ".", "_" or "-", starting with a letter or digit and without "..", got ${quoted(name)}; choose another name`,
    );
  }
  return name;
}
