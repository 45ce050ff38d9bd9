import { join } from 'node:path';
import { ModelError } from '@onda/contract';
import { readPlainFile } from '@onda/runtime-node';
import type { ModelFile } from '@onda/runtime-node';
import type { TritonConfig } from './tritonConfig.ts';

/** Values that config.pbtxt takes from files, by folder and name: `initial_state/h0`. */
export type DataFiles = ReadonlyMap<string, ModelFile>;

/** The folders beside the versions where Triton has them, too. */
export const dataFolders = { states: 'initial_state', warmUps: 'warmup' } as const;

/**
 * Reads the files that a configuration names.
 *
 * @param folder of the model
 * @throws ModelError for one that is not there, or is no plain file of the folder
 */
export async function readDataFiles(config: TritonConfig, folder: string, path: string): Promise<DataFiles> {
  const { states, warmUps } = dataFolders;
  const initial = (config.sequence_batching?.state ?? []).flatMap(({ initial_state }) => initial_state);
  const warm = config.model_warmup.flatMap(({ inputs }) => Object.values(inputs));
  const names = [
    ...initial.map(({ data_file }) => [states, data_file]),
    ...warm.map(({ input_data_file }) => [warmUps, input_data_file]),
  ];
  const files = new Map<string, ModelFile>();
  for (const [place, name] of names) {
    if (place === undefined || name === undefined || name === '') continue;
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) {
      throw new ModelError(
        `${path}: ${place}: expected the name of a file in the folder ${place} beside the versions, got ${JSON.stringify(name)}; correct it`,
      );
    }
    files.set(`${place}/${name}`, await readPlainFile(join(folder, place), name));
  }
  return files;
}
