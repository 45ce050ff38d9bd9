import { ModelError } from '@onda/contract';
import type { Schedule } from '@onda/protocol';
import type { TritonConfig } from './config/tritonConfig.ts';

/** How requests of a model are run among each other where they do not say. */
export interface ScheduleRules {
  /** Of a request without a priority, or with one beyond the levels. */
  readonly usual: number;
  /** Priorities from 1 on. */
  readonly levels: number;
  /** How long a request may wait for its run at most, milliseconds. */
  readonly timeoutMs: number;
}

/** As many as a request can ask for. */
const LEVELS = 9;

export const usualRules: ScheduleRules = { usual: 5, levels: LEVELS, timeoutMs: Infinity };

/**
 * What dynamic_batching says of priorities and times.
 *
 * @param path of config.pbtxt, for errors
 * @throws ModelError for more levels than there are, and for a usual one that is none of them
 */
export function scheduleRules({ dynamic_batching: dynamic }: TritonConfig, path: string): ScheduleRules {
  const timeoutUs = dynamic?.default_queue_policy?.default_timeout_microseconds ?? 0;
  const timeoutMs = timeoutUs > 0 ? timeoutUs / 1000 : Infinity;
  const levels = dynamic?.priority_levels ?? 0;
  if (levels === 0) return { ...usualRules, timeoutMs };
  const usual = dynamic?.default_priority_level ?? 0;
  if (levels > LEVELS || usual < 1 || usual > levels) {
    throw new ModelError(
      `${path}: dynamic_batching: expected priority_levels up to ${LEVELS} and a default_priority_level among them, got ${levels} and ${usual}; correct them`,
    );
  }
  return { usual, levels, timeoutMs };
}

/** When a request is to be run: its own wish within the model's rules. The shorter of both times stands. */
export function scheduled(
  { usual, levels, timeoutMs }: ScheduleRules,
  { priority, timeoutMs: own = Infinity }: Schedule,
): { priority: number; timeoutMs: number } {
  const known = priority !== undefined && priority <= levels;
  return { priority: known ? priority : usual, timeoutMs: Math.min(own, timeoutMs) };
}
