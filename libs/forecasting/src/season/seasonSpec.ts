/**
 * The network of a direct forecaster. P samples per season, K seasons of context, H samples ahead; u is the context in transformed
 * units, its level is the mean of the last season, w = u - level.
 *
 *   encoder   a GRU over the K seasons; a season is P values of w, P differences to the season before, and the size of these differences
 *   decoder   GRUs in both directions over the H steps, started from the encoder's last state; step h sees the values of w at its place
 *             in each season, and h / H
 *   y         level + linear map of w + k * read-out of the decoders, one value per quantile level
 *
 * k is the size of the seasonal differences (`normalize`), or 1. The linear map starts as the seasonal naive forecast, the read-out at 0.
 */
export interface SeasonSpec {
  /** Samples per season; 1: none, a season is one sample. */
  readonly period: number;
  /** Seasons of context. */
  readonly seasons: number;
  readonly horizon: number;
  /** Units of the encoder. */
  readonly units: number;
  /** Units of each decoder. */
  readonly decoderUnits: number;
  /** Quantile levels, ascending. */
  readonly levels: readonly number[];
  /** Whether the network works in multiples of the seasonal differences. */
  readonly normalize: boolean;
  /** `log`: logarithms; `standard`: (value - mean) / mean absolute deviation of the context. */
  readonly transform: 'log' | 'standard';
}

/** Samples of context. */
export const contextOf = ({ period, seasons }: SeasonSpec): number => period * seasons;

/** Seasons whose values a decoder step sees: without a season only the last value, which is 0. */
export const decoderSeasons = ({ period, seasons }: SeasonSpec): number => (period > 1 ? seasons : 1);

/** The least size of seasonal differences, in transformed units. */
export const LEAST_DIFFERENCE = 0.02;

/** Values below this share of the context's mean are raised to it before the logarithm. */
export const LEAST_SHARE = 1e-3;

/** A weight of the network; shapes in the order of recurrentOp.ts of @onda/nets. */
export interface SeasonWeight {
  readonly name: string;
  readonly shape: readonly number[];
  /** Bound of the uniform initial values; 0: zeros. */
  readonly bound: number;
}

/** The weights of the network in the order of its variables. */
export function seasonWeights(spec: SeasonSpec): SeasonWeight[] {
  const { period, horizon, units, decoderUnits, levels } = spec;
  const gru = (name: string, features: number, size: number): SeasonWeight[] => {
    const bound = 1 / Math.sqrt(size);
    return [
      { name: `${name}/kernel`, shape: [features, 3 * size], bound },
      { name: `${name}/recurrent_kernel`, shape: [size, 3 * size], bound },
      { name: `${name}/bias`, shape: [3 * size], bound },
      { name: `${name}/recurrent_bias`, shape: [3 * size], bound },
    ];
  };
  const start = (name: string): SeasonWeight[] => {
    const bound = 1 / Math.sqrt(units);
    return [
      { name: `${name}/kernel`, shape: [units, decoderUnits], bound },
      { name: `${name}/bias`, shape: [decoderUnits], bound },
    ];
  };
  return [
    ...gru('encoder', 2 * period + 1, units),
    ...start('start_forward'),
    ...start('start_backward'),
    ...gru('forward', decoderSeasons(spec) + 1, decoderUnits),
    ...gru('backward', decoderSeasons(spec) + 1, decoderUnits),
    { name: 'readout/forward', shape: [decoderUnits, levels.length], bound: 0 },
    { name: 'readout/backward', shape: [decoderUnits, levels.length], bound: 0 },
    { name: 'readout/bias', shape: [levels.length], bound: 0 },
    { name: 'linear/kernel', shape: [contextOf(spec), horizon], bound: 0 },
    { name: 'linear/bias', shape: [horizon], bound: 0 },
  ];
}

/** Initial values of the weights: PyTorch's for the GRUs and their starts; the linear map repeats the last season. */
export function initialSeasonWeights(
  spec: SeasonSpec,
  uniform: (low: number, high: number) => number,
): Float32Array[] {
  const { period, horizon } = spec;
  return seasonWeights(spec).map(({ name, shape, bound }) => {
    const size = shape.reduce((product, dim) => product * dim, 1);
    const values = Float32Array.from({ length: size }, () => (bound === 0 ? 0 : uniform(-bound, bound)));
    if (name === 'linear/kernel') {
      for (let step = 0; step < horizon; step++) {
        values[(contextOf(spec) - period + (step % period)) * horizon + step] = 1;
      }
    }
    return values;
  });
}
