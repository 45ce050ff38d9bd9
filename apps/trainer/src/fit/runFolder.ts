import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { DataError, fitConfigSchema, scalerSchema, type Manifest } from '@onda/contract';
import { z } from 'zod';
import { readInput, writeFileAtomic } from '../files.ts';
import type { io } from '@tensorflow/tfjs-core';
import { artifactFiles } from './artifacts.ts';

/** File names inside `runs/<name>/`. */
export const runFiles = {
  /** Configuration and results; written last, so that a folder with it is complete. */
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

/** Content of `run.json`. */
export type RunSummary = z.infer<typeof summarySchema>;

/** The training entry of a manifest. */
export function trainingOf(summary: RunSummary): NonNullable<Manifest['training']> {
  const { config, backend, versions, dataSha256, steps, finalLoss } = summary;
  return { config, seed: config.seed, backend, versions, dataSha256, steps, finalLoss };
}

export function writeModelFiles(folder: string, artifacts: io.ModelArtifacts): void {
  mkdirSync(path.join(folder, runFiles.model), { recursive: true });
  for (const [name, data] of Object.entries(artifactFiles(artifacts))) {
    writeFileAtomic(path.join(folder, runFiles.model, name), data);
  }
}

export function writeLosses(folder: string, losses: ArrayLike<number>): void {
  const rows = Array.from(losses, (loss, step) => `${step},${loss}`);
  writeFileAtomic(path.join(folder, runFiles.losses), `step,loss\n${rows.join('\n')}\n`);
}

export function writeSummary(folder: string, summary: RunSummary): void {
  writeFileAtomic(path.join(folder, runFiles.summary), `${JSON.stringify(summary, null, 2)}\n`);
}

export function isRunFolder(folder: string): boolean {
  return existsSync(path.join(folder, runFiles.summary));
}

/** @throws DataError if the folder is not a complete run */
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
