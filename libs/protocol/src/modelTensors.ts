import type { TensorSpec } from '@onda/contract';

/** A state's two sides: the input it is fed by and the output it is answered by. */
export interface StatePair {
  readonly input: string;
  readonly output: string;
}

/** The tensors of the model that a request is for. */
export interface ModelTensors {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** What the service keeps for a sequence, so that a step may leave it out; none when left out. */
  readonly states?: readonly StatePair[];
}
