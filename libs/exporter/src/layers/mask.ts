import type { Value } from '../graph/value.ts';

/**
 * Which samples of a sequence count. `spoilt`: TensorFlow.js has made it a shape that no layer can use; a layer that takes no notice of
 * masks is not troubled by it.
 */
export type Mask =
  | {
      /** bool, [batch, time], in either layout. */
      readonly value: Value;
      readonly spoilt?: undefined;
    }
  | { readonly spoilt: string };
