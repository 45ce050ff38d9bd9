import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { DataError, fitConfigSchema, scalerSchema, type Manifest } from '@onda/contract';
import { z } from 'zod';
import { readInput, writeFileWhole } from '../files.ts';
import type { io } from '@tensorflow/tfjs-core';
import { artifactFiles } from './artifacts.ts';

/** Names inside `runs/<name>/`. */
export const runFiles = {
  /** What was run and what came out; written last, so that a folder with it is whole. */
  summary: 'run.json',
  /** TensorFlow.js layers model: model.json and weights.bin. */
  model: 'model',
  checkpoint: 'checkpoint.bin',
  losses: 'losses.csv',
  report: 'report.html',
} as const;

const summarySchema = z.strictObject({
  format: z.literal(1),
  config: fitConfigSchema,
  scaler: scalerSchema,
  backend: z.string(),
  versions: z.record(z.string(), z.string()),
  dataSha256: z.string(),
  steps: z.int().min(0),
  finalLoss: z.number(),
});

/** What `run.json` holds. */
export type RunSummary = z.infer<typeof summarySchema>;

/** What a manifest says of a run's training. */
export function trainingOf(summary: RunSummary): NonNullable<Manifest['training']> {
  const { config, backend, versions, dataSha256, steps, finalLoss } = summary;
  return { config, seed: config.seed, backend, versions, dataSha256, steps, finalLoss };
}

export function writeModelFiles(folder: string, artifacts: io.ModelArtifacts): void {
  mkdirSync(path.join(folder, runFiles.model), { recursive: true });
  for (const [name, data] of Object.entries(artifactFiles(artifacts))) {
    writeFileWhole(path.join(folder, runFiles.model, name), data);
  }
}

export function writeLosses(folder: string, losses: ArrayLike<number>): void {
  const rows = Array.from(losses, (loss, step) => `${step},${loss}`);
  writeFileWhole(path.join(folder, runFiles.losses), `step,loss\n${rows.join('\n')}\n`);
}

export function writeSummary(folder: string, summary: RunSummary): void {
  writeFileWhole(path.join(folder, runFiles.summary), `${JSON.stringify(summary, null, 2)}\n`);
}

export function isRunFolder(folder: string): boolean {
  return existsSync(path.join(folder, runFiles.summary));
}

/** @throws DataError when the folder is not a whole run */
export function readSummary(folder: string): RunSummary {
  const file = path.join(folder, runFiles.summary);
  let value: unknown;
  try {
    value = JSON.parse(readInput(file, 'run').toString('utf8'));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new DataError(`run ${file}: not JSON: ${error.message}; fit again`, { cause: error });
  }
  const result = summarySchema.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new DataError(`run ${file}: ${issue.path.join('.')}: ${issue.message}; fit again`, {
      cause: result.error,
    });
  }
  return result.data;
}
