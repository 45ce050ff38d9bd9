import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { FitConfig, SweepConfig } from '@onda/contract';
import { canonicalJson, ConfigError, DataError, parseFitConfig, parseSweepConfig } from '@onda/contract';
import { stringify } from 'yaml';
import { exitSignal, untilAborted } from '../exitSignal.ts';
import { readInput, writeFileAtomic } from '../files.ts';
import type { Document } from '../fit/readConfig.ts';
import { readDocument, setAt } from '../fit/readConfig.ts';
import { wholeNumber } from '../options.ts';
import { runSweep, type TrialRunner } from '../sweep/runSweep.ts';
import { runTrial } from '../sweep/runTrial.ts';
import { sweepReport, trialsCsv, trialsTable } from '../sweep/sweepReport.ts';
import type { Trial, TrialResult } from '../sweep/trials.ts';
import { firstTrials, rankTrials } from '../sweep/trials.ts';
import { reportPage } from '../reportPage.ts';
import { say, textTable } from '../terminal.ts';

/** Command-line options of `sweep`. */
export interface SweepCall {
  out?: string;
  redis?: string;
  workers?: string;
  force: boolean;
  json: boolean;
}

/** File names inside the folder of a sweep. */
const sweepFiles = {
  /** What determines the trials, and the results so far. */
  state: 'sweep.json',
  table: 'trials.csv',
  report: 'report.html',
  best: 'best.yaml',
} as const;

/** Trials shown in the terminal. */
const mostShown = 10;

/** The trials of a sweep: what determines them, and how they ended. */
interface SweepState {
  format: 1;
  /** SHA-256 of search, values, metric, fit configuration and data. */
  identity: string;
  results: TrialResult[];
}

/** Runs the trials of a sweep on this machine or on workers, and writes table, picture and the best configuration. */
export async function sweepCommand(file: string, call: SweepCall): Promise<void> {
  const config = parseSweepConfig(readDocument(file, 'sweep'), file);
  const fitFile = path.resolve(path.dirname(file), config.config);
  const document = readDocument(fitFile, 'config');
  const configOf = ({ settings }: Pick<Trial, 'settings'>): Document => {
    const whole = structuredClone(document);
    for (const [key, value] of Object.entries(settings)) setAt(whole, key, value, `${file}: values.${key}`);
    return whole;
  };
  // A mistake in any of the trials is found before the first one runs.
  const [first] = firstTrials(config.search, config.values).map((trial) =>
    parseFitConfig(configOf(trial), `${file}: trial ${trial.id} (${settingsText(trial)})`),
  );
  const data = readData(first, fitFile);
  const folder = call.out ?? path.join('runs', config.name);
  const identity = createHash('sha256')
    .update(canonicalJson({ ...config, name: '', config: '', workers: 0, document }))
    .update(data?.bytes ?? '')
    .digest('hex');
  const finished = call.force ? [] : readState(folder, identity).results;
  if (call.force) rmSync(folder, { recursive: true, force: true });
  const results = new Map(finished.map((result) => [result.id, result]));
  const save = (): void => {
    const state: SweepState = { format: 1, identity, results: [...results.values()] };
    writeFileAtomic(path.join(folder, sweepFiles.state), `${JSON.stringify(state, null, 1)}\n`);
  };
  save();
  if (finished.length > 0) say(`continuing after ${finished.length} trials of ${folder}`);
  const exit = exitSignal();
  let runner: TrialRunner | undefined;
  try {
    runner =
      call.redis === undefined
        ? localRunner(config, call, { folder, configOf, file: data?.file, signal: exit.signal })
        : await redisRunner(config, call.redis, `${config.name}-${identity.slice(0, 12)}`, configOf, data);
    const aborted = rejectOnAbort(exit.signal);
    const all = await Promise.race([
      aborted,
      runSweep({
        config,
        runner,
        finished,
        onResult: (result, left) => {
          results.set(result.id, result);
          save();
          say(`trial ${result.id}: ${outcomeText(result, config)} (${settingsText(result)}; ${left} left)`);
        },
      }),
    ]);
    finish(config, document, all, { folder, fitFile, json: call.json });
  } catch (error) {
    if (!exit.signal.aborted) throw error;
    say(`stopped after ${results.size} trials; run the same command to continue`);
  } finally {
    exit.release();
    await runner?.close();
  }
}

async function rejectOnAbort(signal: AbortSignal): Promise<never> {
  await untilAborted(signal);
  throw signal.reason as Error;
}

/** Runs trials in processes of this machine. */
function localRunner(
  { metric, workers }: SweepConfig,
  call: SweepCall,
  {
    folder,
    configOf,
    file,
    signal,
  }: { folder: string; configOf: (trial: Trial) => Document; file?: string; signal: AbortSignal },
): TrialRunner {
  const cores = availableParallelism();
  const concurrency =
    call.workers === undefined
      ? (workers ?? Math.max(1, Math.floor(cores / 2)))
      : wholeNumber('--workers', call.workers, 1024);
  const threads = Math.max(1, Math.floor(cores / concurrency));
  return {
    concurrency,
    run: (trial) =>
      runTrial({
        config: withFile(configOf(trial), file),
        metric,
        folder: path.join(folder, 'trials', trial.id),
        threads,
        signal,
      }),
    close: () => Promise.resolve(),
  };
}

async function redisRunner(
  { metric }: SweepConfig,
  url: string,
  id: string,
  configOf: (trial: Trial) => Document,
  data: DataBytes | undefined,
): Promise<TrialRunner> {
  // Loaded on demand: most sweeps run on one machine.
  const { openRedisRunner } = await import('../sweep/redisTrials.ts');
  return openRedisRunner({
    id,
    url,
    metric,
    configOf,
    data: data === undefined ? null : { bytes: data.bytes, ending: path.extname(data.file) },
    onNoWorker: (shown) => {
      say(`no worker is connected to ${shown}; start one: npm run worker -- --redis ${shown}`);
    },
  });
}

interface DataBytes {
  /** Absolute path. */
  file: string;
  bytes: Uint8Array;
}

function readData({ data }: FitConfig, fitFile: string): DataBytes | undefined {
  if (data.kind !== 'csv') return undefined;
  const file = path.resolve(path.dirname(fitFile), data.file);
  return { file, bytes: readInput(file, 'data') };
}

const withFile = (document: Document, file: string | undefined): Document =>
  file === undefined ? document : { ...document, data: { ...(document['data'] as Document), file } };

/** @throws ConfigError if the folder has results of other trials; DataError if it cannot be read */
function readState(folder: string, identity: string): Pick<SweepState, 'results'> {
  const file = path.join(folder, sweepFiles.state);
  if (!existsSync(file)) return { results: [] };
  let state: SweepState;
  try {
    state = JSON.parse(readFileSync(file, 'utf8')) as SweepState;
  } catch (cause) {
    throw new DataError(`${file}: cannot be read; start again with --force`, { cause });
  }
  if (state.identity === identity) return state;
  throw new ConfigError(
    `${folder}: expected results of the same sweep, got those of another search, configuration or data; choose another name, or start again with --force`,
  );
}

const settingsText = ({ settings }: Pick<Trial, 'settings'>): string =>
  Object.entries(settings)
    .map(([key, value]) => `${key} ${JSON.stringify(value)}`)
    .join(', ');

const outcomeText = ({ metric, error }: TrialResult, config: SweepConfig): string =>
  metric === null ? `failed: ${error ?? 'no metric'}` : `${config.metric} ${metric.toPrecision(4)}`;

/** Writes and prints the results of a whole sweep. */
function finish(
  config: SweepConfig,
  document: Document,
  results: readonly TrialResult[],
  { folder, fitFile, json }: { folder: string; fitFile: string; json: boolean },
): void {
  const ranked = rankTrials(results);
  const [best] = ranked;
  writeFileAtomic(path.join(folder, sweepFiles.table), trialsCsv(config, ranked));
  writeFileAtomic(path.join(folder, sweepFiles.report), reportPage(sweepReport(config, ranked, new Date())));
  if (best.metric === null) {
    throw new DataError(`${config.name}: all trials failed; the first one: ${best.error ?? 'no metric'}`);
  }
  const whole = structuredClone(document);
  for (const [key, value] of Object.entries(best.settings)) setAt(whole, key, value, key);
  const data = whole['data'] as Document;
  if (typeof data['file'] === 'string') {
    data['file'] = path.relative(folder, path.resolve(path.dirname(fitFile), data['file']));
  }
  const bestFile = path.join(folder, sweepFiles.best);
  writeFileAtomic(bestFile, stringify(whole));
  if (json)
    process.stdout.write(
      `${JSON.stringify({ sweep: config.name, metric: config.metric, trials: ranked })}\n`,
    );
  else process.stdout.write(`${textTable(trialsTable(config, ranked.slice(0, mostShown)))}\n`);
  say(`table: ${path.join(folder, sweepFiles.table)}\nreport: ${path.join(folder, sweepFiles.report)}`);
  say(`next: npm run fit -- ${bestFile}`);
}
