import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, ModelError } from '@onda/contract';
import { ProtocolError } from '@onda/protocol';
import type { Runtime } from '@onda/runtime';
import { failureText, loadServedModel } from './servedModel.ts';
import type { ModelOptions, ServedModel } from './servedModel.ts';

/** A model folder that did not load, and the sentence that says why. */
export interface BrokenModel {
  readonly name: string;
  readonly problem: string;
}

/** The models of one folder, read once at the start. A request's names are looked up here and never become paths. */
export class ModelRepository {
  readonly #served: ReadonlyMap<string, ServedModel>;
  readonly #broken: ReadonlyMap<string, BrokenModel>;

  constructor(served: readonly ServedModel[], broken: readonly BrokenModel[]) {
    this.#served = new Map(served.map((model) => [model.name, model]));
    this.#broken = new Map(broken.map((model) => [model.name, model]));
  }

  get served(): readonly ServedModel[] {
    return [...this.#served.values()];
  }

  get broken(): readonly BrokenModel[] {
    return [...this.#broken.values()];
  }

  /**
   * @param name    from the request's path, decoded
   * @param version from the request's path; undefined: the one that is served
   * @throws ProtocolError 404 for a model or version that is not there, 503 for one that did not load
   */
  find(name: string, version: string | undefined): ServedModel {
    const model = this.#served.get(name);
    if (model === undefined) {
      if (this.#broken.has(name)) {
        throw new ProtocolError(
          'unavailable',
          `model "${name}" did not load; what the service printed at its start says why`,
        );
      }
      throw new ProtocolError(
        'not-found',
        `model ${quoted(name)}: the service has no such model; GET /v2/models lists what it has`,
      );
    }
    if (version !== undefined && version !== model.version) {
      throw new ProtocolError(
        'not-found',
        `model "${name}": expected version ${model.version}, the one that is served, got ${quoted(version)}; ask for that one or leave it out`,
      );
    }
    return model;
  }
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 128 ? `${text.slice(0, 128)}...` : text);
}

/**
 * Loads every model of a Triton model repository; one that does not load is kept as broken and the others serve.
 *
 * @throws ConfigError if the folder is none or empty; ModelError if not one model loads
 */
export async function openRepository(
  folder: string,
  runtime: Runtime,
  options: ModelOptions,
): Promise<ModelRepository> {
  const served: ServedModel[] = [];
  const broken: BrokenModel[] = [];
  for (const name of await modelNames(folder)) {
    try {
      served.push(await loadServedModel(name, join(folder, name), runtime, options));
    } catch (error) {
      broken.push({ name, problem: failureText(error) });
    }
  }
  if (served.length === 0) {
    const [first] = broken;
    const more = broken.length > 1 ? ` (and ${broken.length - 1} more)` : '';
    throw new ModelError(`--models ${folder}: no model loads: ${first.problem}${more}`);
  }
  return new ModelRepository(served, broken);
}

/** The folders of a repository; hidden ones and plain files are no models. */
async function modelNames(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new ConfigError(
      `--models ${folder}: expected a folder with models, found none; give the folder that \`npm run fit\` or \`npm run export\` wrote to`,
      { cause },
    );
  });
  const names = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
  if (names.length === 0) {
    throw new ConfigError(
      `--models ${folder}: expected a folder for each model, found none; give the folder above a model's own, or export a model into it`,
    );
  }
  return names.map((entry) => entry.name).sort();
}
