import type { FitConfig } from '@onda/contract';

/** Whether values are pixels of frames. */
export const isVideo = (
  config: FitConfig,
): config is FitConfig & { data: { kind: 'video-clips'; height: number; width: number } } =>
  config.data.kind === 'video-clips';

/** Every other frame keeps a strip of 50 readable. */
export const stripEvery = 2;

/** The first feature of [samples, features]: what a line chart shows. */
export function firstFeature(values: Float32Array, features: number): Float32Array {
  return values.filter((_, i) => i % features === 0);
}
