import { DataError, ShapeError } from '@onda/contract';
import type { FloatTensor } from './floatTensor.ts';

/** @throws DataError unless `samples` is a whole number from 1 */
export function checkSamples(samples: number): void {
  if (!Number.isSafeInteger(samples) || samples < 1) {
    throw new DataError(`samples: expected a whole number of at least 1, got ${samples}; ask for 1 or more`);
  }
}

/**
 * A net of lag L says at sample t what comes at t + L, so the first value after the prompt needs L samples of prompt.
 *
 * @param prompt [batch, time, features]
 * @throws ShapeError if the prompt is shorter than the lag
 */
export function checkPrompt(prompt: FloatTensor, lag: number): void {
  const time = prompt.dims[1];
  if (time < lag) {
    throw new ShapeError(
      `prompt: expected at least ${lag} samples (the model's lag), got ${time}; give a longer prompt`,
    );
  }
}
