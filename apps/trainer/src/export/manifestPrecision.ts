import type { Manifest } from '@onda/contract';
import type { Precision } from '@onda/exporter';

/** What a manifest says of the precision of weights: nothing of the usual one. */
export function manifestPrecision(precision: Precision = 'float32'): Pick<Manifest, 'precision'> {
  return precision === 'float32' ? {} : { precision };
}
