import type { TensorSpec } from '@onda/contract';
import { ModelError } from '@onda/contract';
import type { Graph, ValueInfo } from '@onda/onnx';

/** Inputs and outputs of a graph as a manifest lists them. */
export function tensorSpecs({ inputs, outputs }: Graph): { inputs: TensorSpec[]; outputs: TensorSpec[] } {
  return { inputs: inputs.map(tensorSpec), outputs: outputs.map(tensorSpec) };
}

function tensorSpec({ name, type, shape }: ValueInfo): TensorSpec {
  const named = (shape ?? []).filter((dim) => dim !== null);
  if (shape === null || named.length !== shape.length) {
    throw new ModelError(
      `tensor "${name}": expected a name or a size for every dim, got one without; a manifest cannot list it`,
    );
  }
  return { name, type, shape: named };
}
