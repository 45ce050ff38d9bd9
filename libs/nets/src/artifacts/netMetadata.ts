import { z } from 'zod';
import { ModelError } from '@onda/contract';
import type { NetSpec } from '../netSpec.ts';
import { lossAttributes } from '../losses/lossSpec.ts';

/** What a net is beyond its layers: the loss that its read-out is made for, and its dropout. */
export type NetMetadata = Pick<NetSpec, 'loss' | 'dropout'>;

const metadataSchema = z.object({
  loss: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.enum(['mse', 'mae', 'gaussian']) }),
      z.strictObject({ kind: z.literal('huber'), delta: z.number().positive().optional() }),
      z.strictObject({ kind: z.literal('quantile'), levels: z.array(z.number()) }),
    ])
    .optional(),
  dropout: z.strictObject({ rate: z.number().min(0).lt(1), seed: z.int() }).optional(),
});

/** For the `userDefinedMetadata` of TensorFlow.js's artifacts, which it keeps through loading and saving; nothing for a plain net. */
export function writeMetadata({ loss, dropout }: NetSpec): { onda: NetMetadata } | undefined {
  if (loss === undefined && dropout === undefined) return undefined;
  return { onda: { ...(loss && { loss }), ...(dropout && { dropout }) } };
}

/**
 * Reads what `writeMetadata` wrote; a model without it is a plain net.
 *
 * @throws ModelError for something else under our name
 */
export function readMetadata(metadata: object | undefined): NetMetadata {
  const onda = (metadata as { onda?: unknown } | undefined)?.onda;
  if (onda === undefined) return {};
  const result = metadataSchema.safeParse(onda);
  if (!result.success) {
    const [{ path, message }] = result.error.issues;
    throw notNetMetadata([...path.map(String), message].join(': '));
  }
  const { loss, dropout } = result.data;
  try {
    if (loss) lossAttributes(loss, 'loss');
  } catch (error) {
    throw notNetMetadata((error as Error).message, error);
  }
  return { ...(loss && { loss }), ...(dropout && { dropout }) };
}

function notNetMetadata(reason: string, cause?: unknown): ModelError {
  return new ModelError(
    `model metadata: onda: ${reason}; save the model again, or take the entry out of userDefinedMetadata`,
    { cause },
  );
}
