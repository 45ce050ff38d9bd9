import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Runtime } from '@onda/runtime';
import { createNodeRuntime } from '@onda/runtime-node';
import { ModelRepository } from '@onda/serving';
import { ModelBudget, openStores, RepositoryLoader } from '@onda/serving/testing';
import { limits } from '../../src/limits.ts';

/** Third-party ONNX files. */
export const models = fileURLToPath(new URL('../models/', import.meta.url));

/**
 * Puts a third-party model into a repository.
 *
 * @param file   which ONNX file
 * @param config text of config.pbtxt; none when left out
 */
export async function putModel(
  folder: string,
  name: string,
  version: number,
  file: string,
  config?: string,
): Promise<void> {
  const place = join(folder, name, String(version));
  await mkdir(place, { recursive: true });
  await copyFile(join(models, `${file}.onnx`), join(place, 'model.onnx'));
  if (config !== undefined) await writeFile(join(folder, name, 'config.pbtxt'), config);
}

/** A repository that is kept without a service around it, and what its keeper has said. */
export interface KeptRepository {
  repository: ModelRepository;
  keeper: RepositoryLoader;
  warnings: string[];
  changes: string[];
}

export async function keepRepository(
  folder: string,
  {
    maxBytes = 1e9,
    operators = [],
    runtime,
  }: { maxBytes?: number; operators?: string[]; runtime?: Runtime } = {},
): Promise<KeptRepository> {
  const repository = new ModelRepository();
  const warnings: string[] = [];
  const changes: string[] = [];
  const batching = { maxRows: 256, maxValues: limits.joinedValues, delayUs: 0, maxWaiting: 1024 };
  const stores = await openStores('memory', (text) => warnings.push(text));
  const context = {
    runtime: runtime ?? (await createNodeRuntime({ provider: 'cpu' })),
    options: { batching, sequences: { most: 100, idleMs: 60_000, ageMs: 600_000 } },
    budget: new ModelBudget(maxBytes),
    operators,
  };
  const keeper = new RepositoryLoader(folder, repository, context, stores, {
    onWarning: (text) => warnings.push(text),
    onChange: (text) => changes.push(text),
  });
  return { repository, keeper, warnings, changes };
}
