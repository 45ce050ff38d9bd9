import type { TensorSpec } from '@onda/contract';

/** The tensors of the model that a request is for. */
export interface ModelTensors {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}
