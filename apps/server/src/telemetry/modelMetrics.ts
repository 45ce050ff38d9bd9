import type { Registry } from 'prom-client';
import { Counter, Gauge } from 'prom-client';
import type { Latencies, ModelRepository, ServedModel } from '@onda/serving';
import { batchBuckets, failureReasons, firstResponseBuckets } from '@onda/serving';

type Labels = 'model' | 'version';
type Repository = Pick<ModelRepository, 'served'>;
type Metric<Value> = readonly [name: string, help: string, value: (model: ServedModel) => Value];

/** A state is a row of 32-bit words. */
const WORD_BYTES = 4;

const microseconds = (milliseconds: number): number => Math.round(milliseconds * 1000);

/** Counters with Triton's names, so that its dashboards work, and Onda's own. Durations are microseconds, as in Triton. */
const counters: readonly Metric<number>[] = [
  ['nv_inference_request_success', 'Successful inference requests', ({ stats }) => stats.successes],
  ['nv_inference_count', 'Inferred rows', ({ stats }) => stats.rows],
  [
    'nv_inference_exec_count',
    'Runs of the model; rows divided by runs is the mean batch',
    ({ stats }) => stats.runs,
  ],
  [
    'nv_inference_request_duration_us',
    'Total duration of successful requests from decoding to the encoded answer, microseconds',
    ({ stats }) => microseconds(stats.request.sum),
  ],
  [
    'nv_inference_queue_duration_us',
    'Total waiting time of requests, microseconds',
    ({ stats }) => microseconds(stats.queue.sum),
  ],
  [
    'nv_inference_compute_infer_duration_us',
    'Total duration of the runs of all requests, transfer to the worker included, microseconds',
    ({ stats }) => microseconds(stats.compute.sum),
  ],
  ['onda_sequences_started', 'Started sequences', ({ sequenceCounts }) => sequenceCounts.started],
  ['onda_sequences_ended', 'Sequences ended by their clients', ({ sequenceCounts }) => sequenceCounts.ended],
  ['onda_sequences_expired', 'Sequences that expired', ({ sequenceCounts }) => sequenceCounts.expired],
  ['onda_sequences_exported', 'Exported sequences', ({ stats }) => stats.exported],
  ['onda_sequences_imported', 'Imported sequences', ({ stats }) => stats.imported],
  [
    'onda_sequence_store_failures',
    'Failed calls to the sequence store',
    ({ sequences }) => sequences.store.failures,
  ],
];

const gauges: readonly Metric<number>[] = [
  ['nv_inference_pending_request_count', 'Requests that wait for a run', ({ stats }) => stats.pending],
  ['onda_requests_active', 'Requests in progress', ({ stats }) => stats.active],
  ['onda_sequences_live', 'Live sequences', ({ sequenceCounts }) => sequenceCounts.live],
  [
    'onda_sequence_state_bytes',
    'States of the live sequences, without overhead, bytes',
    ({ sequenceCounts, layout }) => sequenceCounts.live * layout.rowSize * WORD_BYTES,
  ],
  ['onda_model_bytes', 'Model files, as counted for --max-model-bytes', ({ bytes }) => bytes],
  [
    'nv_model_load_duration_secs',
    'Load time of the model including its first run, seconds',
    ({ loadMs }) => loadMs / 1000,
  ],
];

const summaries: readonly Metric<Latencies>[] = [
  [
    'nv_inference_request_summary_us',
    'Duration of successful requests, microseconds',
    ({ stats }) => stats.request,
  ],
  ['nv_inference_queue_summary_us', 'Waiting time of requests, microseconds', ({ stats }) => stats.queue],
  [
    'nv_inference_compute_infer_summary_us',
    'Duration of the runs, microseconds',
    ({ stats }) => stats.compute,
  ],
];

/** Quantiles of the summaries, as in Triton. */
const quantiles = [0.5, 0.9, 0.95, 0.99, 0.999];

const FIRST_RESPONSE = 'nv_inference_first_response_histogram_ms';

/** Adds the metrics of the models. They are read from the models' own counters on a scrape, so that they cost requests nothing. */
export function addModelMetrics(registry: Registry, repository: Repository): void {
  const registers = [registry];
  const labelNames = ['model', 'version'] as const;
  for (const [name, help, value] of counters) {
    new Counter<Labels>({
      name,
      help,
      registers,
      labelNames,
      collect() {
        this.reset();
        for (const model of repository.served) this.inc(labelsOf(model), value(model));
      },
    });
  }
  for (const [name, help, value] of gauges) {
    new Gauge<Labels>({
      name,
      help,
      registers,
      labelNames,
      collect() {
        this.reset();
        for (const model of repository.served) this.set(labelsOf(model), value(model));
      },
    });
  }
  addBreakdowns(registry, repository);
  addLatencies(registry, repository);
}

/** Failures by reason, and runs by number of rows. */
function addBreakdowns(registry: Registry, repository: Repository): void {
  new Counter<Labels | 'reason'>({
    name: 'nv_inference_request_failure',
    help: 'Failed inference requests by reason',
    registers: [registry],
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
    help: 'Runs by number of rows; each run is in one bucket only',
    registers: [registry],
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
}

/** A line of a metric; prom-client's own type has labels only by name. */
interface Line {
  metricName: string;
  labels: Partial<Record<string, string | number>>;
  value: number;
}

/** Triton's summaries (quantiles of the last 30 to 60 seconds, sums since the start) and its histogram of first responses. */
function addLatencies(registry: Registry, repository: Repository): void {
  for (const [name, help, latencies] of summaries) {
    const lines = (model: ServedModel): Line[] => summaryLines(name, model, latencies(model));
    addLines(registry, { name, help, type: 'summary' }, () => repository.served.flatMap(lines));
  }
  const help = 'Time until the first event of generate_stream, milliseconds';
  addLines(registry, { name: FIRST_RESPONSE, help, type: 'histogram' }, () =>
    repository.served.flatMap(histogramLines),
  );
}

/** Adds a metric with lines made on a scrape: prom-client's own summaries and histograms keep their own counts. */
function addLines(
  registry: Registry,
  metric: { name: string; help: string; type: 'summary' | 'histogram' },
  lines: () => Line[],
): void {
  const gauge = new Gauge({ name: metric.name, help: metric.help, registers: [registry] });
  gauge.get = () => Promise.resolve({ ...metric, values: lines(), aggregator: 'sum' } as never);
}

function summaryLines(name: string, model: ServedModel, latencies: Latencies): Line[] {
  const labels = labelsOf(model);
  return [
    ...quantiles.map((quantile) => ({
      metricName: name,
      labels: { ...labels, quantile },
      value: latencies.quantile(quantile),
    })),
    { metricName: `${name}_sum`, labels, value: microseconds(latencies.sum) },
    { metricName: `${name}_count`, labels, value: latencies.count },
  ];
}

function histogramLines(model: ServedModel): Line[] {
  const labels = labelsOf(model);
  const { firstResponses, firstResponseMs } = model.stats;
  let count = 0;
  const buckets = firstResponses.map((more, index): Line => {
    count += more;
    const le = firstResponseBuckets.at(index) ?? '+Inf';
    return { metricName: `${FIRST_RESPONSE}_bucket`, labels: { ...labels, le }, value: count };
  });
  return [
    ...buckets,
    { metricName: `${FIRST_RESPONSE}_sum`, labels, value: firstResponseMs },
    { metricName: `${FIRST_RESPONSE}_count`, labels, value: count },
  ];
}

function labelsOf({ name, version }: ServedModel): Record<Labels, string> {
  return { model: name, version };
}
