import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { SweepMetric } from '@onda/contract';
import { ConfigError, DataError } from '@onda/contract';
import { writeFileAtomic } from '../files.ts';
import { runFiles } from '../fit/runFolder.ts';

/** What a trial needs to run, on any machine. */
export interface TrialCall {
  /** The whole fit configuration, its data file as an absolute path. */
  config: object;
  metric: SweepMetric;
  /** The trial's own folder; its content is replaced. */
  folder: string;
  /** Threads of the fit. */
  threads?: number;
  signal?: AbortSignal;
}

/** The metric of a fit, or why there is none. */
export interface TrialOutcome {
  metric: number | null;
  error?: string;
}

/** Characters of a fit's messages that are kept for the error of a failed one. */
const mostText = 4000;

/**
 * Fits a configuration in a process of its own and reads its metric. A fit that fails, or whose metric is not finite, is an outcome.
 *
 * @throws DataError if the process cannot run; the signal's reason if it is aborted
 */
export async function runTrial({
  config,
  metric,
  folder,
  threads,
  signal,
}: TrialCall): Promise<TrialOutcome> {
  signal?.throwIfAborted();
  rmSync(folder, { recursive: true, force: true });
  const configFile = path.join(folder, 'config.json');
  const run = path.join(folder, 'run');
  writeFileAtomic(configFile, `${JSON.stringify(config, null, 2)}\n`);
  const evaluated = metric !== 'validation' && metric !== 'loss';
  const more = evaluated ? ['--models', path.join(folder, 'models')] : ['--no-export'];
  const { code, text } = await runFit(['fit', configFile, '--out', run, ...more], threads, signal);
  if (code !== 0) return { metric: null, error: lastLine(text) || `the fit ended with exit code ${code}` };
  const value = evaluated ? evaluationMetric(run, metric) : runMetric(run, metric);
  if (Number.isFinite(value)) return { metric: value };
  return { metric: null, error: `the ${metric} of the fit is ${value}` };
}

/** Runs a command of this program; it ends with this process. */
function runFit(
  args: readonly string[],
  threads: number | undefined,
  signal: AbortSignal | undefined,
): Promise<{ code: number; text: string }> {
  return new Promise((resolve, reject) => {
    const threadLimits = threads === undefined ? {} : threadEnvironment(threads);
    const child: ChildProcess = fork(process.argv[1], args, {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { ...threadLimits, ...process.env },
    });
    let text = '';
    child.stderr?.setEncoding('utf8').on('data', (part: string) => {
      text = (text + part).slice(-mostText);
    });
    const abort = (): void => {
      // What an aborted trial has done is not used.
      child.kill('SIGKILL');
    };
    signal?.addEventListener('abort', abort);
    child.once('error', (cause) => {
      reject(
        new DataError(`trial: the fit cannot be started: ${cause.message}; check the installation`, {
          cause,
        }),
      );
    });
    child.once('close', (code, killedBy) => {
      signal?.removeEventListener('abort', abort);
      if (signal?.aborted) reject(signal.reason as Error);
      else
        resolve({
          code: code ?? 1,
          text: code === null ? `${text}\nthe fit was ended by ${killedBy}` : text,
        });
    });
  });
}

/** Limits the threads of TensorFlow and of the kernels, so that trials side by side do not share cores. */
const threadEnvironment = (threads: number): Record<string, string> => ({
  TF_NUM_INTRAOP_THREADS: String(threads),
  TF_NUM_INTEROP_THREADS: '1',
  OMP_NUM_THREADS: String(threads),
});

const lastLine = (text: string): string => text.trim().split('\n').at(-1)?.trim() ?? '';

function runMetric(run: string, metric: 'validation' | 'loss'): number {
  const summary = readJson(path.join(run, runFiles.summary)) as {
    validation?: number | null;
    finalLoss?: number;
  };
  const value = metric === 'loss' ? summary.finalLoss : summary.validation;
  if (typeof value === 'number') return value;
  throw new ConfigError(
    `metric ${metric}: expected a fit with ${metric === 'loss' ? 'training losses' : 'a validation part'}, got none; ${metric === 'loss' ? 'set metric: validation' : 'set data.validation in the fit configuration, or metric: loss'}`,
  );
}

function evaluationMetric(run: string, metric: Exclude<SweepMetric, 'validation' | 'loss'>): number {
  const file = path.join(run, runFiles.evaluation);
  if (!existsSync(file)) {
    throw new ConfigError(
      `metric ${metric}: expected a fit with a hold-out, got none; set data.holdout in the fit configuration, or metric: validation`,
    );
  }
  const { rows } = readJson(file) as {
    rows: ({ forecaster: string; horizon: unknown; series?: string; column?: string } & Record<
      typeof metric,
      number | null
    >)[];
  };
  const row = rows.find(
    ({ forecaster, horizon, series, column }) =>
      forecaster === 'model' && horizon === 'all' && series === undefined && column === undefined,
  );
  return row?.[metric] ?? NaN;
}

const readJson = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));
