import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import { batchBuckets, failureReasons } from '@onda/serving';
import type { ModelRepository, ServedModel } from '@onda/serving';

type Labels = 'model' | 'version';

/** A state's row is made of words of 32 bits. */
const WORD_BYTES = 4;

/** Name, help and value of each counter: Triton's names, so that its dashboards work. Durations are microseconds, as there. */
const counters: readonly [name: string, help: string, value: (model: ServedModel) => number][] = [
  ['nv_inference_request_success', 'Inference requests that were answered', ({ stats }) => stats.successes],
  ['nv_inference_count', 'Rows that were run', ({ stats }) => stats.rows],
  ['nv_inference_exec_count', 'Runs of the model; rows by runs is the mean batch', ({ stats }) => stats.runs],
  [
    'nv_inference_request_duration_us',
    'Time of answered requests from decoding to the encoded answer, summed, microseconds',
    ({ stats }) => Math.round(stats.request.sum * 1000),
  ],
  [
    'nv_inference_queue_duration_us',
    'Time requests waited for their run, summed, microseconds',
    ({ stats }) => Math.round(stats.queue.sum * 1000),
  ],
  [
    'nv_inference_compute_infer_duration_us',
    'Time of the runs, the way to the worker included, summed over requests, microseconds',
    ({ stats }) => Math.round(stats.compute.sum * 1000),
  ],
  ['onda_sequences_started', 'Sequences that were begun', ({ sequenceCounts }) => sequenceCounts.started],
  [
    'onda_sequences_ended',
    'Sequences that their clients ended',
    ({ sequenceCounts }) => sequenceCounts.ended,
  ],
  [
    'onda_sequences_expired',
    'Sequences that were forgotten, idle or old',
    ({ sequenceCounts }) => sequenceCounts.expired,
  ],
  [
    'onda_sequences_exported',
    'Sequences that were given as documents, to go on elsewhere',
    ({ stats }) => stats.exported,
  ],
  ['onda_sequences_imported', 'Sequences that were begun from documents', ({ stats }) => stats.imported],
  [
    'onda_sequence_store_failures',
    'Calls that the store of the sequences did not answer',
    ({ sequences }) => sequences.store.failures,
  ],
];

/** Metrics of the models. They are read from the models' own numbers when somebody asks, so that requests pay nothing. */
export function addModelMetrics(registry: Registry, repository: Pick<ModelRepository, 'served'>): void {
  const registers = [registry];
  for (const [name, help, value] of counters) {
    new Counter<Labels>({
      name,
      help,
      registers,
      labelNames: ['model', 'version'],
      collect() {
        this.reset();
        for (const model of repository.served) this.inc(labelsOf(model), value(model));
      },
    });
  }
  new Counter<Labels | 'reason'>({
    name: 'nv_inference_request_failure',
    help: 'Inference requests that were not answered, by reason',
    registers,
    labelNames: ['model', 'version', 'reason'],
    collect() {
      this.reset();
      for (const model of repository.served) {
        for (const reason of failureReasons) {
          this.inc({ ...labelsOf(model), reason }, model.stats.failures[reason]);
        }
      }
    },
  });
  new Counter<Labels | 'rows_at_most'>({
    name: 'onda_inference_batch_count',
    help: 'Runs of the model by their number of rows; each run is in one bucket alone',
    registers,
    labelNames: ['model', 'version', 'rows_at_most'],
    collect() {
      this.reset();
      for (const model of repository.served) {
        model.stats.batches.forEach((runs, index) => {
          this.inc({ ...labelsOf(model), rows_at_most: batchBuckets.at(index) ?? 'more' }, runs);
        });
      }
    },
  });
  const gauges: readonly [name: string, help: string, value: (model: ServedModel) => number][] = [
    [
      'nv_inference_pending_request_count',
      'Inference requests that wait for a run',
      ({ stats }) => stats.pending,
    ],
    ['onda_requests_active', 'Requests that are under way', ({ stats }) => stats.active],
    [
      'onda_sequences_live',
      'Sequences whose state the service keeps',
      ({ sequenceCounts }) => sequenceCounts.live,
    ],
    [
      'onda_sequence_state_bytes',
      'States of the live sequences, without what is kept around them',
      ({ sequenceCounts, layout }) => sequenceCounts.live * layout.rowSize * WORD_BYTES,
    ],
    ['onda_model_bytes', "The model's files, as they count for --max-model-bytes", ({ bytes }) => bytes],
    [
      'nv_model_load_duration_secs',
      'Time it took to load the model, its first run included, seconds',
      ({ loadMs }) => loadMs / 1000,
    ],
  ];
  for (const [name, help, value] of gauges) {
    new Gauge<Labels>({
      name,
      help,
      registers,
      labelNames: ['model', 'version'],
      collect() {
        this.reset();
        for (const model of repository.served) this.set(labelsOf(model), value(model));
      },
    });
  }
}

export function labelsOf({ name, version }: ServedModel): Record<Labels, string> {
  return { model: name, version };
}
