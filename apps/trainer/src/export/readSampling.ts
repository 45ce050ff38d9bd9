import { ConfigError, type Sampling } from '@onda/contract';
import type { LayersModel } from '../fit/artifacts.ts';

const forms = 'categorical, categorical:TEMPERATURE, gaussian, or quantile:LEVEL,LEVEL,...';

/**
 * Reads `--sampling`. Classes come as probabilities where the model ends with a softmax, else as logits.
 *
 * @throws ConfigError for anything else
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
  throw new ConfigError(`--sampling: expected ${forms}, got ${JSON.stringify(text)}; correct the call`);
}

/** Whether the last layer, as the topology lists them, is or has a softmax. */
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
