import type { Sampling } from '@onda/contract';
import { z } from 'zod';
import type { LayersModel } from '../fit/artifacts.ts';

/** Losses that fit a distribution; libs/nets writes and checks them. */
const drawnLoss = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('gaussian') }),
  z.object({ kind: z.literal('quantile'), levels: z.array(z.number()).min(2) }),
]);

/**
 * How values are drawn from the outputs of a net: from the distribution that its loss made it fit; null for a net of values.
 *
 * @param loss of the net's spec, or of the metadata in its artifacts
 */
export function lossSampling(loss: unknown): Sampling | null {
  const { data } = drawnLoss.safeParse(loss);
  if (data === undefined) return null;
  return data.kind === 'gaussian'
    ? { kind: 'gaussian', source: 'seed' }
    : { kind: 'quantile', levels: data.levels, source: 'seed' };
}

/** The same of a net that was saved: its metadata holds the loss. */
export function netSampling({ userDefinedMetadata }: LayersModel): Sampling | null {
  const onda: { loss?: unknown } | undefined = userDefinedMetadata?.['onda'];
  return lossSampling(onda?.loss);
}
