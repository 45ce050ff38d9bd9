import { z } from 'zod';

/**
 * Where what is drawn from comes: `seed`, an input int64 [1] from which the graph makes its draws (draws.ts); or `noise`, an input
 * float32 [batch, samples, draws of a row]: uniform in (0, 1), or for a gaussian standard normal.
 */
const source = z.enum(['seed', 'noise']);

/** What `samplingSchema` takes, in words that need no zod: the published exporter's types hold it. */
export type Sampling =
  | {
      kind: 'categorical';
      from: 'probabilities' | 'logits';
      temperature: number;
      source: 'seed' | 'noise';
    }
  | { kind: 'gaussian'; source: 'seed' | 'noise' }
  | { kind: 'quantile'; levels: number[]; source: 'seed' | 'noise' };

/** How values are drawn from the outputs of a sample, and fed back. */
export const samplingSchema = z.discriminatedUnion('kind', [
  /**
   * One of so many classes: by the Gumbel-max rule from the logits or the logarithm of the probabilities, each divided by the
   * temperature; at temperature 0 always the likeliest, and nothing is drawn. A row needs as many draws as there are classes. Fed back,
   * and given as `y`, is the class as a one-hot row, or its number where the model takes words.
   */
  z.strictObject({
    kind: z.literal('categorical'),
    from: z.enum(['probabilities', 'logits']),
    temperature: z.number().min(0),
    source,
  }),
  /** Outputs are the mean of each feature, then the logarithm of each variance: mean + e^(s / 2) n. A row needs a draw a feature. */
  z.strictObject({ kind: z.literal('gaussian'), source }),
  /**
   * Outputs are a block of all features for each level, in this order. The inverse of the distribution at a uniform draw, by straight lines
   * between the levels; beyond the lowest and the highest the outermost line goes on.
   */
  z.strictObject({
    kind: z.literal('quantile'),
    levels: z.array(z.number().gt(0).lt(1)).min(2),
    source,
  }),
]) satisfies z.ZodType<Sampling>;

/** How many blocks of the fed features an output has. */
export function samplingBlocks(sampling: Sampling | null): number {
  if (sampling?.kind === 'gaussian') return 2;
  return sampling?.kind === 'quantile' ? sampling.levels.length : 1;
}

/** Whether a sampling draws at all: the likeliest class needs no draw. */
export function drawsAny(sampling: Sampling | null): sampling is Sampling {
  return sampling !== null && !(sampling.kind === 'categorical' && sampling.temperature === 0);
}
