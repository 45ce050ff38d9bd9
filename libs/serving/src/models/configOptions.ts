import type { Manifest } from '@onda/contract';
import type { ModelOptions } from '../servedModel.ts';
import type { TritonConfig } from './config/tritonConfig.ts';

/**
 * What a model is served with: the service's options, and what its config.pbtxt says of queues and sequences.
 *
 * An Onda net's config.pbtxt is what the export wrote for Triton, not a wish of whoever runs this service, whose options stand.
 * Requests to a model of other make are joined where its configuration has a scheduler that joins, as in Triton: a model may
 * compute over its rows.
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
  // 0 is what Triton takes for none given.
  const idleUs = sequence?.max_sequence_idle_microseconds || undefined;
  return {
    ...common,
    batching: {
      ...batching,
      maxRows: joins ? Math.max(1, Math.min(batching.maxRows, most ?? batching.maxRows)) : 1,
      delayUs: delayUs ?? batching.delayUs,
      preferred: dynamic?.preferred_batch_size ?? sequence?.oldest?.preferred_batch_size ?? [],
      // 0 is no bound in Triton; here there always is one.
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

/** How many runs of a model there may be at a time; undefined: nobody says. */
export function instanceCount({ instance_group: groups }: TritonConfig): number | undefined {
  if (groups.length === 0) return undefined;
  return groups.reduce((sum, { count = 1 }) => sum + Math.max(1, count), 0);
}

/**
 * Sentences on what instance_group and the queue policy ask for and a service with these options does not give.
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
      `${path}: instance_group: ${count} instances are wanted, and the service has ${workers} ${workers === 1 ? 'worker' : 'workers'} for all models; start it with --workers ${count} to have them`,
    );
  }
  const kinds = config.instance_group.map(({ kind }) => kind);
  if (kinds.includes('KIND_GPU') && provider !== 'cuda') {
    notes.push(
      `${path}: instance_group: KIND_GPU is wanted, and the service runs the model on the CPU; start it with --provider cuda`,
    );
  }
  if (kinds.includes('KIND_CPU') && provider === 'cuda') {
    notes.push(
      `${path}: instance_group: KIND_CPU is wanted, and the service runs all models on CUDA; start it with --provider cpu`,
    );
  }
  if (config.dynamic_batching?.default_queue_policy?.timeout_action === 'DELAY') {
    notes.push(
      `${path}: dynamic_batching: timeout_action DELAY is not used by this service; a request that has waited too long is refused`,
    );
  }
  return notes;
}
