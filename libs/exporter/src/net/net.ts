import type { CellKind } from '@onda/contract';
import type { RecurrentWeights } from '../recurrent/recurrentWeights.ts';

export interface NetSpec {
  readonly cell: CellKind;
  readonly units: number;
  readonly layers: number;
  readonly features: number;
  readonly outputs: number;
}

/** A recurrent layer of a net, with its name. */
export interface NetLayer {
  readonly name: string;
  readonly weights: RecurrentWeights;
}

/** y = h kernel + bias. */
export interface Readout {
  readonly name: string;
  /** Row-major, shape [units, outputs]. */
  readonly kernel: Float32Array;
  /** Shape [outputs]. */
  readonly bias: Float32Array;
}

/** An Onda net: recurrent layers of one kind and size, then a linear read-out of every sample's h. */
export interface Net {
  readonly name: string;
  readonly spec: NetSpec;
  readonly layers: readonly NetLayer[];
  readonly readout: Readout;
}
