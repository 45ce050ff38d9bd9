import { tensorNames } from '@onda/contract';
import type { NetManifest } from '@onda/contract';
import { StateLayout } from './stateLayout.ts';
import type { StatePair } from './stateLayout.ts';

/**
 * What the service keeps of a model's sequence: its states and, of a net that can generate, what its closed loop goes on from.
 *
 * @param net undefined for a model without generator
 */
export function sequenceLayout(states: readonly StatePair[], net: NetManifest | undefined): StateLayout {
  const recent = net && { output: tensorNames.output, lag: net.lag, width: net.net.outputs };
  return new StateLayout(states, recent);
}
