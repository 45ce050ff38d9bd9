import { ModelError } from '@onda/contract';

/** A model that can be loaded, with the address of its files. */
export interface ModelEntry {
  name: string;
  version: number | string;
  ready: boolean;
  /** Address of the folder of model.onnx, generator.onnx and onda.json, with a slash at its end. */
  files: URL;
}

/**
 * Reads the list of models from `models/index.json` next to the page: the Onda server lists what it serves, a static site has it as a
 * file. Addresses in it are relative to the page.
 *
 * @throws ModelError if it does not exist or lists no model
 */
export async function readModelIndex(page: URL): Promise<ModelEntry[]> {
  const address = new URL('models/index.json', page);
  const response = await fetch(address);
  if (!response.ok) {
    throw new ModelError(
      `${address.pathname}: expected the list of models, got status ${response.status}; start the Onda server, or build the page again`,
    );
  }
  const entries = parseIndex(await response.text(), address.pathname, page);
  if (entries.length === 0) {
    throw new ModelError(`${address.pathname}: expected a model, got none; fit one with npm start`);
  }
  return entries;
}

function parseIndex(text: string, where: string, page: URL): ModelEntry[] {
  try {
    const { models } = JSON.parse(text) as {
      models: { name: string; version: number | string; ready: boolean; files: string }[];
    };
    return models.map(({ name, version, ready, files }) => ({
      name,
      version,
      ready,
      files: new URL(files, page),
    }));
  } catch (cause) {
    throw new ModelError(
      `${where}: expected {"models": [{"name", "version", "ready", "files"}]}, got ${JSON.stringify(text.slice(0, 60))}; start the Onda server, or build the page again`,
      { cause },
    );
  }
}
