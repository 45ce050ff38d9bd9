import { streamSeed } from '@onda/series';
import { seasonalError } from '../metrics.ts';
import type { Candidate } from './seasonCandidates.ts';
import { candidateText, seasonCandidates } from './seasonCandidates.ts';
import type { SeasonModel } from './seasonModel.ts';
import { forecastColumns, thetaOf, transformContext } from './seasonModel.ts';
import type { SeasonNet } from './seasonNet.ts';
import type { SeasonSpec } from './seasonSpec.ts';
import type { MemberOptions } from './trainSeason.ts';
import { trainMember } from './trainSeason.ts';
import { logTransform, SeasonWindows } from './seasonWindows.ts';

export interface SeasonFitOptions {
  /** More columns to learn from, which do not count in the choice; in the units of their data. */
  related: readonly Float64Array[];
  /** Samples per season; 1: none. */
  period: number;
  horizon: number;
  /** Ascending, with 0.5. */
  levels: readonly number[];
  seed: number;
  /** Networks of the ensemble. */
  members: number;
  /** Whether Theta may be averaged in; `auto`: as the validation says. */
  theta: 'auto' | boolean;
  /** Training steps of each network; undefined: as the validation says. */
  steps?: number | undefined;
  timeLimitMs: number;
  onProgress?: ((line: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** A fitted model and how it came about. */
export interface SeasonFit extends SeasonModel {
  /** What was chosen and why, one sentence each. */
  choices: string[];
  /** MASE over the validation part, of the choice and of the seasonal naive forecast; null without validation. */
  validation: { mase: number; seasonalNaive: number } | null;
  /** Training loss of the first member, by step. */
  losses: Float32Array;
}

/** Members that a candidate is judged by. */
const candidateMembers = 2;

/** Share of the time for the choice. */
const choiceShare = 0.55;

const thetaWeights = Array.from({ length: 9 }, (_, index) => index / 10);

/**
 * Fits an ensemble of networks to columns, all with the same weights, after a choice of settings, training steps and the share of
 * Theta by the samples before the end of each column, which these fits do not see.
 *
 * @param columns in the units of the data
 */
export async function fitSeason(
  columns: readonly Float64Array[],
  options: SeasonFitOptions,
): Promise<SeasonFit> {
  const { seed, members, timeLimitMs, onProgress, signal, levels, horizon, period } = options;
  const started = performance.now();
  const elapsed = (): number => performance.now() - started;
  const choices: string[] = [];
  const { chosen, theta, validation } = await choose(columns, options, elapsed, choices);
  const spec = specOf(chosen, { period, horizon, levels });
  const all = [...columns, ...options.related];
  const windows = trainingWindows(
    spec,
    all,
    all.map(({ length }) => length),
  );
  const nets: SeasonNet[] = [];
  let losses = new Float32Array(0);
  let longest = 0;
  for (let member = 0; member < members; member++) {
    const before = elapsed();
    if (member > 0 && before + longest > timeLimitMs) {
      choices.push(
        `ensemble of ${member} instead of ${members} networks: the time limit of ${Math.round(timeLimitMs / 1000)} s`,
      );
      break;
    }
    onProgress?.(`network ${member + 1} of ${members}: ${chosen.steps} steps`);
    const trained = await trainMember(spec, windows, memberOptions(chosen, seed, 100 + member, signal));
    nets.push(trained.net);
    if (member === 0) losses = trained.losses as Float32Array<ArrayBuffer>;
    longest = Math.max(longest, elapsed() - before);
    if (signal?.aborted) break;
  }
  return { spec, members: nets, theta, choices, validation, losses };
}

const memberOptions = (
  { draw, mix, batch, steps }: Candidate,
  seed: number,
  stream: number,
  signal: AbortSignal | undefined,
): MemberOptions => ({ draw, mix, batch, steps, seed: streamSeed(seed, stream), signal });

function specOf(
  { seasons, units, decoderUnits, normalize, transform }: Candidate,
  sizes: Pick<SeasonSpec, 'period' | 'horizon' | 'levels'>,
): SeasonSpec {
  const { period, horizon, levels } = sizes;
  return { period, seasons, horizon, units, decoderUnits, levels, normalize, transform };
}

/** The training windows of columns up to these ends. */
function trainingWindows(
  spec: SeasonSpec,
  columns: readonly Float64Array[],
  ends: readonly number[],
): SeasonWindows {
  return new SeasonWindows(
    spec,
    columns.map((column, index) => {
      const part = column.subarray(0, ends[index]);
      return { values: spec.transform === 'log' ? logTransform(part) : part, end: ends[index] };
    }),
  );
}

/** A history and the samples after it, for the choice. */
interface Trial {
  history: Float64Array;
  actual: Float64Array;
  /** Of MASE. */
  scale: number;
}

interface Choice {
  chosen: Candidate;
  theta: number;
  validation: SeasonFit['validation'];
}

async function choose(
  columns: readonly Float64Array[],
  options: SeasonFitOptions,
  elapsed: () => number,
  choices: string[],
): Promise<Choice> {
  const { period, horizon, levels, seed, timeLimitMs, onProgress, signal } = options;
  const { trials, ends: own } = validationTrials(columns, period, horizon);
  const all = [...columns, ...options.related];
  const ends = [...own, ...options.related.map(({ length }) => length)];
  const candidates = seasonCandidates(all, { period, horizon, steps: options.steps });
  const without = { chosen: candidates[0], theta: options.theta === false ? 0 : 0.5, validation: null };
  if (trials.length === 0) {
    choices.push('settings without validation: the series are too short to hold samples back');
    return without;
  }
  const results: { candidate: Candidate; theta: number; mase: number }[] = [];
  let longest = 0;
  for (const [index, candidate] of candidates.entries()) {
    const before = elapsed();
    if (results.length > 0 && before + longest > choiceShare * timeLimitMs) {
      choices.push(
        `${candidates.length - index} of ${candidates.length} settings were not tried: the time limit of ${Math.round(timeLimitMs / 1000)} s`,
      );
      break;
    }
    const spec = specOf(candidate, { period, horizon, levels });
    const windows = trainingWindows(spec, all, ends);
    if (windows.count === 0) continue;
    const nets: SeasonNet[] = [];
    for (let member = 0; member < candidateMembers && !signal?.aborted; member++) {
      const trained = await trainMember(spec, windows, memberOptions(candidate, seed, member, signal));
      nets.push(trained.net);
    }
    if (nets.length === 0) break;
    const weights = options.theta === 'auto' ? thetaWeights : [options.theta ? 0.5 : 0];
    const judged = judge({ spec, members: nets, theta: 0 }, trials, weights);
    for (const net of nets) net.dispose();
    results.push({ candidate, ...judged });
    longest = Math.max(longest, elapsed() - before);
    onProgress?.(`validation: ${candidateText(candidate)}: MASE ${judged.mase.toFixed(3)}`);
    if (signal?.aborted) break;
  }
  if (results.length === 0) return without;
  const best = results.reduce((least, one) => (one.mase < least.mase ? one : least));
  const seasonalNaive = meanMase(
    trials,
    ({ history }, step) => history[history.length - period + (step % period)],
  );
  choices.push(
    `settings by the validation part: ${candidateText(best.candidate)} (MASE ${best.mase.toFixed(3)} of ${results.length} tried; seasonal naive ${seasonalNaive.toFixed(3)})`,
    `share of the Theta method by the validation part: ${Math.round(100 * best.theta)} %`,
  );
  return { chosen: best.candidate, theta: best.theta, validation: { mase: best.mase, seasonalNaive } };
}

/** The share of Theta with the least MASE. */
function judge(
  model: SeasonModel,
  trials: readonly Trial[],
  weights: readonly number[],
): { theta: number; mase: number } {
  const { spec } = model;
  const count = spec.levels.length;
  // In the units of the data; the average is made in transformed units.
  const own = forecastColumns(
    model,
    trials.map(({ history }) => history),
  );
  const parts = trials.map(({ history }, row) => {
    const { transform, restore } = transformContext(spec, history);
    const theta = thetaOf(spec, history);
    const medians = Array.from({ length: spec.horizon }, (_, step) =>
      transform(own[row][step * count + (count >> 1)]),
    );
    return { medians, thetas: Array.from(theta, transform), restore };
  });
  const results = weights.map((theta) => ({
    theta,
    mase: meanMase(trials, (_, step, row) => {
      const { medians, thetas, restore } = parts[row];
      return restore(medians[step] + theta * (thetas[step] - medians[step]));
    }),
  }));
  return results.reduce((least, one) => (one.mase < least.mase ? one : least));
}

function meanMase(
  trials: readonly Trial[],
  forecast: (trial: Trial, step: number, row: number) => number,
): number {
  let total = 0;
  for (const [row, trial] of trials.entries()) {
    let sum = 0;
    for (const [step, value] of trial.actual.entries()) sum += Math.abs(value - forecast(trial, step, row));
    total += sum / trial.actual.length / trial.scale;
  }
  return total / trials.length;
}

/** Columns from which one origin each is enough. */
const manyColumns = 40;

/** Origins of few columns. */
const fewOrigins = 8;

/**
 * The histories that settings are judged by: of many columns the last horizon, of few several origins within the last fifth.
 *
 * @returns also where the training part of each column ends
 */
function validationTrials(
  columns: readonly Float64Array[],
  period: number,
  horizon: number,
): { trials: Trial[]; ends: number[] } {
  const least = Math.max(2 * period, 4) + horizon;
  const trials: Trial[] = [];
  const ends = columns.map((values) => {
    const { length } = values;
    const wanted =
      columns.length >= manyColumns
        ? horizon
        : Math.max(horizon, Math.min(3 * horizon, Math.floor(length / 5)));
    const held = Math.min(wanted, length - least);
    if (held < horizon) return 0;
    const end = length - held;
    const scale = seasonalError(values, period, end);
    if (scale === 0) return end;
    const stride = Math.max(1, Math.ceil((held - horizon) / (fewOrigins - 1)));
    for (let origin = length - horizon; origin >= end; origin -= stride) {
      trials.push({
        history: values.subarray(0, origin),
        actual: values.subarray(origin, origin + horizon),
        scale,
      });
    }
    return end;
  });
  return { trials, ends };
}
