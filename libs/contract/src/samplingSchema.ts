import { z } from 'zod';
import type { Sampling } from './sampling.ts';

/**
 * Where what is drawn from comes: `seed`, an input int64 [1] from which the graph makes its draws (draws.ts); or `noise`, an input
 * float32 [batch, samples, draws of a row]: uniform in (0, 1), or for a gaussian standard normal.
 */
const source = z.enum(['seed', 'noise']);

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
