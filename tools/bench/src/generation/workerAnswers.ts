import { z } from 'zod';

/** What each generation worker answers, besides `hello`; the scripts in peers/ answer alike. `threads`: 1, or 0 for its own choice. */
export const workerAnswers = {
  /** `{"do": "prepare", "start": PATH}`: takes the net and feeds the prompt but for its last value; drops what it had. */
  prepare: z.strictObject({}),
  /** `{"do": "run", "steps": N, "threads": T}`: from the prompt's last value on, feeds N values, each but the first its own prediction. */
  run: z.strictObject({
    /** Milliseconds of all the samples together. */
    ms: z.number().nonnegative(),
  }),
  /** `{"do": "values", "steps": N, "threads": T}`: the same; the predictions. */
  values: z.strictObject({
    /** [steps, batch], float32, little-endian, in base64. */
    values: z.base64(),
  }),
};
