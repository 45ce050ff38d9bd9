import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import { firstResponseBuckets } from '@onda/serving';
import type { Latencies, ModelRepository, ServedModel } from '@onda/serving';
import { labelsOf } from './modelMetrics.ts';

/** As Triton has them. */
const quantiles = [0.5, 0.9, 0.95, 0.99, 0.999];

const summaries: readonly [name: string, help: string, latencies: (model: ServedModel) => Latencies][] = [
  [
    'nv_inference_request_summary_us',
    'Time of answered requests, microseconds',
    ({ stats }) => stats.request,
  ],
  [
    'nv_inference_queue_summary_us',
    'Time requests waited for their run, microseconds',
    ({ stats }) => stats.queue,
  ],
  ['nv_inference_compute_infer_summary_us', 'Time of the runs, microseconds', ({ stats }) => stats.compute],
];

type Repository = Pick<ModelRepository, 'served'>;
/** A line of a metric; prom-client's types of its own lines name them only for labels. */
interface Line {
  metricName: string;
  labels: Partial<Record<string, string | number>>;
  value: number;
}

/**
 * How long requests take, in Triton's summaries (quantiles of the last half to whole minute, sums since the start) and its histogram of
 * the time up to a stream's first event. The models count for themselves; here it is only written out.
 */
export function addLatencyMetrics(registry: Registry, repository: Repository): void {
  for (const [name, help, latencies] of summaries) {
    const lines = (model: ServedModel): Line[] => summaryLines(name, model, latencies(model));
    addLines(registry, { name, help, type: 'summary' }, () => repository.served.flatMap(lines));
  }
  const help = 'Time up to the first event of generate_stream, milliseconds';
  addLines(registry, { name: FIRST_RESPONSE, help, type: 'histogram' }, () =>
    repository.served.flatMap(histogramLines),
  );
}

const FIRST_RESPONSE = 'nv_inference_first_response_histogram_ms';

/** Adds a metric whose lines are made when somebody asks: prom-client's own summaries and histograms count for themselves. */
function addLines(
  registry: Registry,
  described: { name: string; help: string; type: 'summary' | 'histogram' },
  lines: () => Line[],
): void {
  const metric = new Gauge({ name: described.name, help: described.help, registers: [registry] });
  metric.get = () => Promise.resolve({ ...described, values: lines(), aggregator: 'sum' } as never);
}

function summaryLines(name: string, model: ServedModel, latencies: Latencies): Line[] {
  const labels = labelsOf(model);
  return [
    ...quantiles.map((quantile) => ({
      metricName: name,
      labels: { ...labels, quantile },
      value: latencies.quantile(quantile),
    })),
    { metricName: `${name}_sum`, labels, value: Math.round(latencies.sum * 1000) },
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
