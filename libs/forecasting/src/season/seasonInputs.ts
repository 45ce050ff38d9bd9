import { seasonalError } from '../metrics.ts';
import type { SeasonSpec } from './seasonSpec.ts';
import { contextOf, decoderSeasons, LEAST_DIFFERENCE } from './seasonSpec.ts';

/** Inputs of the network for a batch of contexts; float32, row-major. */
export interface SeasonInputs {
  batch: number;
  /** [batch, seasons, 2 * period + 1] */
  encoder: Float32Array;
  /** [batch, horizon, decoder seasons + 1] */
  decoder: Float32Array;
  /** w: the context without its level, [batch, context] */
  centered: Float32Array;
  /** Mean of the last season, [batch]; float64. */
  level: Float64Array;
  /** k: what the read-out is multiplied by, [batch] */
  scale: Float32Array;
}

/**
 * The context before sample `end` of a column. A history shorter than the context repeats its first season.
 *
 * @returns [context]
 */
export function contextBefore(
  values: Float64Array,
  end: number,
  context: number,
  period: number,
): Float64Array {
  const result = new Float64Array(context);
  const season = Math.min(period, end);
  for (let place = 0; place < context; place++) {
    const index = end - context + place;
    result[place] = values[index >= 0 ? index : ((index % season) + season) % season];
  }
  return result;
}

/** Shift and factor of the transform `standard`, from a context. */
export function standardScale(context: Float64Array): { shift: number; factor: number } {
  let mean = 0;
  for (const value of context) mean += value / context.length;
  let deviation = 0;
  for (const value of context) deviation += Math.abs(value - mean) / context.length;
  return { shift: mean, factor: deviation > 0 ? deviation : 1 };
}

/**
 * Computes the inputs of the network from contexts in transformed units.
 *
 * @param contexts each [context]
 */
export function seasonInputs(spec: SeasonSpec, contexts: readonly Float64Array[]): SeasonInputs {
  const { period, seasons, horizon, normalize } = spec;
  const batch = contexts.length;
  const context = contextOf(spec);
  const width = 2 * period + 1;
  const seen = decoderSeasons(spec);
  const encoder = new Float32Array(batch * seasons * width);
  const decoder = new Float32Array(batch * horizon * (seen + 1));
  const centered = new Float32Array(batch * context);
  const level = new Float64Array(batch);
  const scale = new Float32Array(batch);
  const scaled = new Float64Array(context);
  for (const [row, u] of contexts.entries()) {
    let mean = 0;
    for (let place = context - period; place < context; place++) mean += u[place] / period;
    const size = Math.max(seasonalError(u, period, context), LEAST_DIFFERENCE);
    const k = normalize ? size : 1;
    level[row] = mean;
    scale[row] = k;
    for (let place = 0; place < context; place++) {
      centered[row * context + place] = u[place] - mean;
      scaled[place] = (u[place] - mean) / k;
    }
    const sizeFeature = Math.log(size) + 2;
    for (let season = 0; season < seasons; season++) {
      const at = (row * seasons + season) * width;
      for (let place = 0; place < period; place++) {
        const value = scaled[season * period + place];
        encoder[at + place] = value;
        encoder[at + period + place] = season === 0 ? 0 : value - scaled[(season - 1) * period + place];
      }
      encoder[at + 2 * period] = sizeFeature;
    }
    for (let step = 0; step < horizon; step++) {
      const at = (row * horizon + step) * (seen + 1);
      for (let season = 0; season < seen; season++) {
        decoder[at + season] = scaled[(seasons - seen + season) * period + (step % period)];
      }
      decoder[at + seen] = step / horizon;
    }
  }
  return { batch, encoder, decoder, centered, level, scale };
}
