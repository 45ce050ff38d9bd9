import { z } from 'zod';

/** What each training worker answers, besides `hello`; peers/training.py answers alike. */
export const workerAnswers = {
  /** `{"do": "prepare", "start": PATH}`: takes the net, weights and data of a start file; drops what it had. */
  prepare: z.strictObject({}),
  /** `{"do": "run", "steps": N}`: goes on training. */
  run: z.strictObject({
    /** Of all the steps together. */
    ms: z.number().nonnegative(),
    /** Of each step, before its update. */
    losses: z.array(z.number()),
  }),
  /** `{"do": "product", "size": N, "steps": K}`: K times the product of two N by N matrices of float32. */
  product: z.strictObject({
    /** Of all of them together. */
    ms: z.number().nonnegative(),
  }),
};
