import { ConfigError } from './errors.ts';

/** File names of a model folder in a Triton model repository: `<repository>/<name>/<version>/...`. */
export const modelFiles = {
  /** Beside the version folders: Triton's model configuration. */
  config: 'config.pbtxt',
  /** In a version folder: the sequence model. */
  sequence: 'model.onnx',
  /** In a version folder: prompt in, closed loop inside the graph, samples out. */
  generator: 'generator.onnx',
  /** In a version folder: what libs/contract validates. */
  manifest: 'onda.json',
} as const;

/** Tensor names of an exported Onda net; outside checks rely on them. */
export const tensorNames = {
  input: 'x',
  stateIn: 'state_in',
  output: 'y',
  stateOut: 'state_out',
  samples: 'samples',
  /** Of a generator that draws: one of the two (sampling.ts). */
  seed: 'seed',
  noise: 'noise',
} as const;

/** What a generator's seed calls its dim where how many samples came before may follow it. Others take the seed alone. */
export const seedDim = 'seed_and_from';

const modelName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/**
 * Checks a model's name: it becomes a folder and a part of a URL, so letters, digits, `.`, `_` and `-` only.
 *
 * @throws ConfigError naming `where` when the name could not be a file name
 */
export function checkModelName(name: string, where = 'name'): string {
  if (!modelName.test(name) || name.includes('..')) {
    throw new ConfigError(
      `${where}: expected 1 to 128 letters, digits, ".", "_" or "-", starting with a letter or digit and without "..", got ${JSON.stringify(name)}; choose another name`,
    );
  }
  return name;
}
