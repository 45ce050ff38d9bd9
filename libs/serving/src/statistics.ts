import { countFailures } from './modelStats.ts';
import type { ServedModel } from './servedModel.ts';

interface Duration {
  count: number;
  /** Nanoseconds. */
  ns: number;
}

/** Triton's ModelStatistics, as JSON and as protobuf take it. */
export interface ModelStatistics {
  name: string;
  version: string;
  /** Milliseconds since 1970; 0: none yet. */
  last_inference: number;
  /** Rows that were run. */
  inference_count: number;
  /** Runs, each of one or more rows. */
  execution_count: number;
  inference_stats: Record<
    | 'success'
    | 'fail'
    | 'queue'
    | 'compute_input'
    | 'compute_infer'
    | 'compute_output'
    | 'cache_hit'
    | 'cache_miss',
    Duration
  >;
  batch_stats: never[];
}

/**
 * What models have done since the start, in the form of Triton's statistics extension. Inputs and outputs are not timed apart from
 * the run, and there is no cache: these take 0.
 */
export function modelStatistics(models: readonly ServedModel[]): { model_stats: ModelStatistics[] } {
  return { model_stats: models.map(statisticsOf) };
}

function statisticsOf({ name, version, stats }: ServedModel): ModelStatistics {
  const { successes, rows, runs, lastAt } = stats;
  const none = { count: 0, ns: 0 };
  return {
    name,
    version,
    last_inference: lastAt,
    inference_count: rows,
    execution_count: runs,
    inference_stats: {
      success: duration(successes, stats.request.sum),
      fail: duration(countFailures(stats), stats.failedMs),
      queue: duration(successes, stats.queue.sum),
      // Counted all the same: clients hold the three counts against each other, and against that of the successes.
      compute_input: duration(successes, 0),
      compute_infer: duration(successes, stats.compute.sum),
      compute_output: duration(successes, 0),
      cache_hit: none,
      cache_miss: none,
    },
    batch_stats: [],
  };
}

function duration(count: number, milliseconds: number): Duration {
  return { count, ns: Math.round(milliseconds * 1e6) };
}
