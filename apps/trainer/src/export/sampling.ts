import { z } from 'zod';
import type { Sampling } from '@onda/contract';
import { ConfigError } from '@onda/contract';
import type { LayersModel } from '../fit/artifacts.ts';

const forms = 'categorical, categorical:TEMPERATURE, gaussian, or quantile:LEVEL,LEVEL,...';

/**
 * Parses `--sampling`. Categorical outputs are probabilities if the model ends with a softmax, else logits.
 *
 * @throws ConfigError for an invalid value
 */
export function readSampling(text: string, artifacts: LayersModel): Sampling {
  const [kind, rest] = text.split(':', 2) as [string, string | undefined];
  const numbers = rest?.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  const source = 'seed';
  if (kind === 'gaussian' && numbers === undefined) return { kind, source };
  if (kind === 'categorical' && (numbers ?? [1]).length === 1) {
    const [temperature] = numbers ?? [1];
    const from = endsWithSoftmax(artifacts) ? 'probabilities' : 'logits';
    if (temperature >= 0 && temperature < Infinity) return { kind, from, temperature, source };
  }
  if (kind === 'quantile' && numbers !== undefined && numbers.length >= 2) {
    if (numbers.every((level) => level > 0 && level < 1)) return { kind, levels: numbers, source };
  }
  throw new ConfigError(`--sampling: expected ${forms}, got ${JSON.stringify(text)}; correct the option`);
}

/** Whether the last layer of the topology is or has a softmax. */
function endsWithSoftmax({ modelTopology }: LayersModel): boolean {
  const last = lastLayer(modelTopology);
  return last?.class_name === 'Softmax' || last?.config?.activation === 'softmax';
}

interface LayerEntry {
  class_name?: unknown;
  config?: { activation?: unknown; layers?: LayerEntry[]; layer?: LayerEntry } & Record<string, unknown>;
}

function lastLayer(entry: object): LayerEntry | undefined {
  const topology = entry as LayerEntry & { model_config?: LayerEntry };
  const { config } = topology.model_config ?? topology;
  const last = config?.layers?.at(-1) ?? config?.layer;
  return last === undefined ? topology : lastLayer(last);
}

/** Losses that fit a distribution, as libs/nets stores them. */
const drawnLoss = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('gaussian') }),
  z.object({ kind: z.literal('quantile'), levels: z.array(z.number()).min(2) }),
]);

/**
 * The sampling of a net: from the distribution that its loss fits; null for a point forecast.
 *
 * @param loss loss of the spec, or of the metadata in the artifacts
 */
export function lossSampling(loss: unknown): Sampling | null {
  const { data } = drawnLoss.safeParse(loss);
  if (data === undefined) return null;
  return data.kind === 'gaussian'
    ? { kind: 'gaussian', source: 'seed' }
    : { kind: 'quantile', levels: data.levels, source: 'seed' };
}

/** The sampling of a saved net, from the loss in its metadata. */
export function netSampling({ userDefinedMetadata }: LayersModel): Sampling | null {
  const onda: { loss?: unknown } | undefined = userDefinedMetadata?.['onda'];
  return lossSampling(onda?.loss);
}

/**
 * The point prediction among the outputs of a net: the first block, which is the mean or the median.
 *
 * @param values   row-major, [..., outputs]
 * @param outputs  columns per sample
 * @param features columns of the prediction
 */
export function pointPrediction<Values extends Float32Array | Float64Array>(
  values: Values,
  outputs: number,
  features: number,
): Values {
  return outputs === features ? values : (values.filter((_, index) => index % outputs < features) as Values);
}
