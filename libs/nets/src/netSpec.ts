import type { CellKind } from '@onda/contract';

/** What a net is made of: `layers` recurrent layers of `units`, then a linear read-out to `outputs` on every sample's h. */
export interface NetSpec {
  readonly cell: CellKind;
  readonly units: number;
  readonly layers: number;
  readonly features: number;
  readonly outputs: number;
}
