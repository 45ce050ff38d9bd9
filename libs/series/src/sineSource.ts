import type { SineDataConfig } from '@onda/contract';
import type { DataSource } from './chunkSource.ts';
import { describeData } from './describeData.ts';
import { sineChunk } from './sineChunk.ts';

/** The first job's data: step k sees chunk k, the sine without end. */
export function createSineSource(data: SineDataConfig, lag: number): DataSource {
  return {
    features: 1,
    outputs: 1,
    scaler: { kind: 'none', center: [0], scale: [1] },
    hashInput: describeData(data, { lag }),
    evaluation: () => null,
    chunk: (step) => ({
      ...sineChunk(step, data.samples, lag),
      batch: 1,
      time: data.samples,
      features: 1,
      outputs: 1,
      startsSequence: step === 0,
    }),
  };
}
