import path from 'node:path';
import { ConfigError, fitConfigSchema, type Manifest } from '@onda/contract';
import { readArtifacts, type LayersModel } from '../fit/artifacts.ts';
import { isRunFolder, readSummary, runFiles } from '../fit/runFolder.ts';

/**
 * The TensorFlow.js model that a model folder was exported from: as told (a run, or a model.json), else the run that the manifest
 * speaks of, under runs/.
 *
 * @throws ConfigError where none is told and runs/ does not have it
 */
export function findSource(
  manifest: Manifest,
  told: string | undefined,
): { place: string; artifacts: LayersModel } {
  const place = told ?? runOf(manifest);
  return {
    place,
    artifacts: readArtifacts(isRunFolder(place) ? path.join(place, runFiles.model) : place),
  };
}

function runOf({ name, training }: Manifest): string {
  const config = fitConfigSchema.safeParse(training?.config);
  const advice = 'add --source with the run folder or the model.json that it was exported from';
  if (training === null || !config.success)
    throw new ConfigError(
      `model "${name}": expected to know the TensorFlow.js model to compare with, got a manifest without a training; ${advice}`,
    );
  const folder = path.join('runs', config.data.name);
  if (!isRunFolder(folder))
    throw new ConfigError(`model "${name}": expected its run in ${folder}, found none; ${advice}`);
  const summary = readSummary(folder);
  const same =
    summary.dataSha256 === training.dataSha256 &&
    summary.steps === training.steps &&
    summary.finalLoss === training.finalLoss;
  if (!same)
    throw new ConfigError(
      `model "${name}": expected the run that it was exported from in ${folder}, got a later one (loss ${summary.finalLoss} after ${summary.steps} steps, not ${training.finalLoss} after ${training.steps}); ${advice}`,
    );
  return folder;
}
