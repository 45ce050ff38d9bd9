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
  const idleUs = sequence?.max_sequence_idle_microseconds;
  return {
    ...common,
    batching: {
      ...batching,
      maxRows: joins ? Math.max(1, Math.min(batching.maxRows, most ?? batching.maxRows)) : 1,
      delayUs: delayUs ?? batching.delayUs,
      maxWaiting: dynamic?.default_queue_policy?.max_queue_size ?? batching.maxWaiting,
    },
    sequences: {
      ...sequences,
      most: sequence?.oldest?.max_candidate_sequences ?? sequences.most,
      idleMs: idleUs === undefined ? sequences.idleMs : Math.max(1, Math.round(idleUs / 1000)),
    },
  };
}
