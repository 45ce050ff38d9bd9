import type { BatchOptions } from '../batcher.ts';
import type { SequenceLimits } from '../sequences/sequenceStore.ts';
import { ModelError, quoted } from '@onda/contract';
import type { Manifest } from '@onda/contract';
import type { ConfigVersions, Schedule } from '@onda/protocol';
import type { TritonConfig, VersionPolicy } from './tritonConfig.ts';

/** Options of a model's queue and sequences. */
export interface ModelOptions {
  batching: BatchOptions;
  sequences: SequenceLimits;
}

/**
 * The options of a model: those of the service, overridden by the queue and sequence settings of its config.pbtxt.
 *
 * The config.pbtxt of an Onda network was written by the export for Triton, so the service's options apply. Requests to other models
 * are batched only if their configuration has such a scheduler, as in Triton: a model may compute across its rows.
 */
export function configOptions(
  common: ModelOptions,
  config: TritonConfig | null,
  manifest: Manifest | null,
): ModelOptions {
  if (config === null || manifest !== null) return common;
  const { batching, sequences } = common;
  const { dynamic_batching: dynamic, sequence_batching: sequence, max_batch_size: most } = config;
  const delayUs =
    dynamic?.max_queue_delay_microseconds ??
    sequence?.oldest?.max_queue_delay_microseconds ??
    sequence?.direct?.max_queue_delay_microseconds;
  const joins = dynamic !== undefined || sequence !== undefined;
  // In Triton 0 means none.
  const idleUs = sequence?.max_sequence_idle_microseconds || undefined;
  return {
    ...common,
    batching: {
      ...batching,
      maxRows: joins ? Math.max(1, Math.min(batching.maxRows, most ?? batching.maxRows)) : 1,
      delayUs: delayUs ?? batching.delayUs,
      preferred: dynamic?.preferred_batch_size ?? sequence?.oldest?.preferred_batch_size ?? [],
      // In Triton 0 means no limit; here the queue is always bounded.
      maxWaiting: dynamic?.default_queue_policy?.max_queue_size || batching.maxWaiting,
      workers: Math.min(batching.workers ?? 1, instanceCount(config) ?? Infinity),
    },
    sequences: {
      ...sequences,
      most: sequence?.oldest?.max_candidate_sequences || sequences.most,
      idleMs: idleUs === undefined ? sequences.idleMs : Math.max(1, Math.round(idleUs / 1000)),
    },
  };
}

/** Concurrent runs of a model; undefined: not configured. */
export function instanceCount({ instance_group: groups }: TritonConfig): number | undefined {
  if (groups.length === 0) return undefined;
  return groups.reduce((sum, { count = 1 }) => sum + Math.max(1, count), 0);
}

/** The parameter of config.pbtxt with the time limit of a run. */
const RUN_TIMEOUT = 'run_timeout_seconds';

/**
 * The time limit of a model's runs in milliseconds, an extension of Onda; undefined: not configured.
 *
 * @param path of config.pbtxt, for errors
 * @throws ModelError for a value that is not a number of seconds
 */
export function runTimeout({ parameters }: TritonConfig, path: string): number | undefined {
  if (!Object.hasOwn(parameters, RUN_TIMEOUT)) return undefined;
  const { string_value: text = '' } = parameters[RUN_TIMEOUT];
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (seconds >= 0.01 && seconds <= 86_400) return seconds * 1000;
  throw new ModelError(
    `${path}: parameters: ${RUN_TIMEOUT}: expected a number of seconds from 0.01 to 86400, got ${quoted(text)}; correct it`,
  );
}

/**
 * Warnings about instance_group and queue policies that the service's options do not satisfy.
 *
 * @param path     of config.pbtxt
 * @param provider that the model runs on
 */
export function configNotes(
  config: TritonConfig,
  path: string,
  { batching: { workers = 1 } }: ModelOptions,
  provider: string,
): string[] {
  const notes: string[] = [];
  const count = instanceCount(config) ?? 1;
  if (count > workers) {
    notes.push(
      `${path}: instance_group: expected ${count} instances, but the service has ${workers} ${workers === 1 ? 'worker' : 'workers'} for all models; start the service with ${count} workers`,
    );
  }
  const kinds = config.instance_group.map(({ kind }) => kind);
  if (kinds.includes('KIND_GPU') && provider !== 'cuda') {
    notes.push(
      `${path}: instance_group: expected KIND_GPU, but the service runs the model on the CPU; start it with the provider cuda`,
    );
  }
  if (kinds.includes('KIND_CPU') && provider === 'cuda') {
    notes.push(
      `${path}: instance_group: expected KIND_CPU, but the service runs all models on CUDA; start it with the provider cpu`,
    );
  }
  if (config.dynamic_batching?.default_queue_policy?.timeout_action === 'DELAY') {
    notes.push(
      `${path}: dynamic_batching: timeout_action DELAY is not supported; a request that has waited too long is rejected`,
    );
  }
  return notes;
}

/** Priorities and timeouts of a model's requests. */
export interface ScheduleRules {
  /** Priority of a request without one, or with one beyond the levels. */
  readonly standard: number;
  /** Priorities from 1 on. */
  readonly levels: number;
  /** Maximum queue time of a request, milliseconds. */
  readonly timeoutMs: number;
}

/** Priorities that a request can have. */
const LEVELS = 9;

export const defaultRules: ScheduleRules = { standard: 5, levels: LEVELS, timeoutMs: Infinity };

/**
 * The priorities and timeouts of dynamic_batching.
 *
 * @param path of config.pbtxt, for errors
 * @throws ModelError for too many levels, and for a default that is not one of them
 */
export function scheduleRules({ dynamic_batching: dynamic }: TritonConfig, path: string): ScheduleRules {
  const timeoutUs = dynamic?.default_queue_policy?.default_timeout_microseconds ?? 0;
  const timeoutMs = timeoutUs > 0 ? timeoutUs / 1000 : Infinity;
  const levels = dynamic?.priority_levels ?? 0;
  if (levels === 0) return { ...defaultRules, timeoutMs };
  const standard = dynamic?.default_priority_level ?? 0;
  if (levels > LEVELS || standard < 1 || standard > levels) {
    throw new ModelError(
      `${path}: dynamic_batching: expected priority_levels up to ${LEVELS} and a default_priority_level among them, got ${levels} and ${standard}; correct them`,
    );
  }
  return { standard, levels, timeoutMs };
}

/** The priority and timeout of a request within the model's rules; the shorter timeout applies. */
export function scheduled(
  { standard, levels, timeoutMs }: ScheduleRules,
  { priority, timeoutMs: own = Infinity }: Schedule,
): { priority: number; timeoutMs: number } {
  const known = priority !== undefined && priority <= levels;
  return { priority: known ? priority : standard, timeoutMs: Math.min(own, timeoutMs) };
}

/**
 * The versions that a policy selects; the newest without a policy, as in Triton.
 *
 * @param versions in the folder, the newest first
 * @param path     of config.pbtxt, for errors
 * @throws ModelError for a policy that names a missing version
 */
export function chosenVersions(
  versions: readonly number[],
  policy: VersionPolicy | undefined,
  path: string,
): number[] {
  if (policy?.all !== undefined) return [...versions];
  if (policy?.specific !== undefined) {
    const wanted = policy.specific.versions;
    const missing = wanted.find((version) => !versions.includes(version));
    if (missing === undefined && wanted.length > 0)
      return versions.filter((version) => wanted.includes(version));
    throw new ModelError(
      `${path}: version_policy: expected versions among ${versions.join(', ')}, got ${missing ?? 'none'}; correct it or add the version`,
    );
  }
  return versions.slice(0, latestOf(policy));
}

/** A version policy in the form of the service's model configuration. */
export function statedPolicy(policy: VersionPolicy | undefined): ConfigVersions {
  if (policy?.all !== undefined) return { all: {} };
  if (policy?.specific !== undefined) return { specific: { versions: policy.specific.versions } };
  return { latest: { num_versions: latestOf(policy) } };
}

function latestOf(policy: VersionPolicy | undefined): number {
  return Math.max(1, policy?.latest?.num_versions ?? 1);
}
