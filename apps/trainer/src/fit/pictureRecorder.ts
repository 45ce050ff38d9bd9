import type { Scaler } from '@onda/contract';
import { unscaleValues, type Chunk } from '@onda/series';
import type { StepPicture } from '../report/fitReportData.ts';

/** Keeps what a report shows of the training: x and the prediction every so many steps, and of the last step. */
export interface PictureRecorder {
  wants(step: number): boolean;
  /**
   * @param prediction [batch, time, outputs] of this step, before its update, in the net's units
   */
  record(step: number, chunk: Chunk, prediction: Float32Array): void;
  readonly pictures: StepPicture[];
}

export function createPictureRecorder(every: number, steps: number, scaler: Scaler): PictureRecorder {
  const pictures: StepPicture[] = [];
  return {
    pictures,
    wants: (step) => step % every === 0 || step === steps - 1,
    record(step, chunk, prediction) {
      const { time, features, outputs } = chunk;
      pictures.push({
        step,
        x: unscaleValues(chunk.x.slice(0, time * features), scaler),
        y: unscaleValues(chunk.y.slice(0, time * outputs), scaler),
        prediction: unscaleValues(prediction.slice(0, time * outputs), scaler),
      });
    },
  };
}
