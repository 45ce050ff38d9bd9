import type { Node, Tensor, ValueInfo } from '@onda/onnx';

/** What stands for a node after its weights are quantized. */
export interface Quantized {
  readonly nodes: readonly Node[];
  readonly constants: readonly Tensor[];
  readonly values: readonly ValueInfo[];
}
