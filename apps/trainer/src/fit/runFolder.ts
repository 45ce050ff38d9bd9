import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Manifest } from '@onda/contract';
import { ConfigError, DataError, fitConfigSchema, scalerSchema } from '@onda/contract';
import type { Checkpoint } from '@onda/training';
import { decodeCheckpoint, encodeCheckpoint } from '@onda/training';
import type { io } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { cannotWrite, readInput, writeFileAtomic } from '../files.ts';
import { artifactFiles } from './artifacts.ts';
import { lockRun } from './runLock.ts';

/** File names inside `runs/<name>/`. */
export const runFiles = {
  /** Configuration and results; written last, so that a folder with it is complete. */
  summary: 'run.json',
  /** TensorFlow.js layers model: model.json and weights.bin. */
  model: 'model',
  /** `step-<number of completed steps>.bin`. */
  checkpoints: 'checkpoints',
  losses: 'losses.csv',
  /** A line per step, and per validation. */
  metrics: 'metrics.jsonl',
  tensorboard: 'tensorboard',
  /** Errors of the backtest, beside the baselines. */
  evaluation: 'evaluation.json',
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
  /** Best loss of the validation part; null without one. */
  validation: z.number().nullable().default(null),
  /** Why the training ended. */
  ended: z.enum(['steps', 'early', 'time', 'signal']).default('steps'),
});

/** Content of `run.json`. */
export type RunSummary = z.infer<typeof summarySchema>;

/** The training entry of a manifest. */
export function trainingOf(summary: RunSummary): NonNullable<Manifest['training']> {
  const { config, backend, versions, dataSha256, steps, finalLoss } = summary;
  return { config, seed: config.seed, backend, versions, dataSha256, steps, finalLoss };
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
  if ((value as { kind?: unknown } | null)?.kind === 'forecaster') {
    throw new DataError(
      `run ${file}: expected the run of a network, got that of a direct forecaster, which only its fit exports; fit again with --force`,
    );
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

/** A line of metrics.jsonl. */
export type MetricsLine =
  | { step: number; loss: number; learningRate: number }
  | { step: number; validationLoss: number; best: boolean };

export interface RunFolderOptions {
  /** Continue an existing run. */
  resume: boolean;
  /** Replace an existing run. */
  force: boolean;
}

/** The output folder of a run, locked by this process. */
export class RunFolder {
  readonly folder: string;
  private readonly release: () => void;

  private constructor(folder: string, release: () => void) {
    this.folder = folder;
    this.release = release;
  }

  /**
   * Creates and locks the folder of a run.
   *
   * @throws ConfigError for a folder that another process uses, or that has a run and neither `resume` nor `force`; DataError if the folder
   *   cannot be written or has no checkpoint to resume from
   */
  static open(folder: string, { resume, force }: RunFolderOptions): RunFolder {
    if (resume && latestCheckpoint(folder) === null) {
      throw new DataError(
        `--resume: expected a checkpoint in ${path.join(folder, runFiles.checkpoints)}, found none; fit without --resume first`,
      );
    }
    const run = new RunFolder(folder, lockRun(folder));
    try {
      if (!resume && run.hasRun()) {
        if (!force) {
          throw new ConfigError(
            `run folder ${folder}: expected a new folder, got one with a run; add --resume to continue it, --force to replace it, or --out FOLDER to keep it`,
          );
        }
        run.clear();
      }
      return run;
    } catch (error) {
      run.close();
      throw error;
    }
  }

  private hasRun(): boolean {
    return isRunFolder(this.folder) || latestCheckpoint(this.folder) !== null;
  }

  private clear(): void {
    try {
      for (const name of Object.values(runFiles)) {
        rmSync(path.join(this.folder, name), { recursive: true, force: true });
      }
    } catch (error) {
      throw cannotWrite(this.folder, error);
    }
  }

  /** The latest checkpoint and its description of the run. */
  readCheckpoint(): { checkpoint: Checkpoint; meta: unknown; file: string } {
    const file = latestCheckpoint(this.folder) ?? path.join(this.folder, runFiles.checkpoints);
    return { ...decodeCheckpoint(readFileSync(file), file), file };
  }

  /** Writes a checkpoint atomically, then removes the oldest ones. */
  writeCheckpoint(checkpoint: Checkpoint, meta: unknown, keep: number): void {
    const folder = path.join(this.folder, runFiles.checkpoints);
    writeFileAtomic(
      path.join(folder, `step-${String(checkpoint.step).padStart(8, '0')}.bin`),
      encodeCheckpoint(checkpoint, meta),
    );
    for (const name of checkpointNames(folder).slice(0, -keep))
      rmSync(path.join(folder, name), { force: true });
  }

  writeModel(artifacts: io.ModelArtifacts): void {
    for (const [name, data] of Object.entries(artifactFiles(artifacts))) {
      writeFileAtomic(path.join(this.folder, runFiles.model, name), data);
    }
  }

  writeLosses(losses: ArrayLike<number>): void {
    const rows = Array.from(losses, (loss, step) => `${step},${loss}`);
    writeFileAtomic(path.join(this.folder, runFiles.losses), `step,loss\n${rows.join('\n')}\n`);
  }

  writeSummary(summary: RunSummary): void {
    writeFileAtomic(path.join(this.folder, runFiles.summary), `${JSON.stringify(summary, null, 2)}\n`);
  }

  removeSummary(): void {
    rmSync(path.join(this.folder, runFiles.summary), { force: true });
  }

  appendMetrics(lines: readonly MetricsLine[]): void {
    if (lines.length === 0) return;
    const file = path.join(this.folder, runFiles.metrics);
    try {
      mkdirSync(this.folder, { recursive: true });
      appendFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    } catch (error) {
      throw cannotWrite(file, error);
    }
  }

  /** Removes the metrics of steps after a checkpoint, and a line that was not written completely. */
  truncateMetrics(step: number): void {
    const file = path.join(this.folder, runFiles.metrics);
    if (!existsSync(file)) return;
    const kept = readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line.endsWith('}') && (JSON.parse(line) as MetricsLine).step <= step);
    writeFileAtomic(file, kept.map((line) => `${line}\n`).join(''));
  }

  /** Releases the lock. */
  close(): void {
    this.release();
  }
}

function latestCheckpoint(folder: string): string | null {
  const checkpoints = path.join(folder, runFiles.checkpoints);
  const name = checkpointNames(checkpoints).at(-1);
  return name === undefined ? null : path.join(checkpoints, name);
}

/** Names of the checkpoints, in order of their steps. */
function checkpointNames(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const stepIn = (name: string): number => Number(/\d+/.exec(name)?.[0]);
  return readdirSync(folder)
    .filter((name) => /^step-\d+\.bin$/.test(name))
    .sort((a, b) => stepIn(a) - stepIn(b));
}
