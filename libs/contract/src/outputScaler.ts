import type { Scaler } from './manifestParts.ts';
import type { Sampling } from './sampling.ts';

/**
 * The scaler of a net's outputs, a number a column, from that of its features: of a quantile read-out each level is a value of the data,
 * of a gaussian the second block is the logarithm of a variance, which grows by that of the scale's square.
 *
 * @param sampling null: the outputs are the features
 */
export function outputScaler({ kind, center, scale }: Scaler, sampling: Sampling | null): Scaler {
  if (sampling?.kind === 'quantile') {
    return {
      kind,
      center: sampling.levels.flatMap(() => center),
      scale: sampling.levels.flatMap(() => scale),
    };
  }
  if (sampling?.kind !== 'gaussian') return { kind, center, scale };
  return {
    kind,
    center: [...center, ...scale.map((value) => Math.fround(2 * Math.log(value)))],
    scale: [...scale, ...scale.map(() => 1)],
  };
}
