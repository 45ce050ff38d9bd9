import type { TensorSpec } from '@onda/contract';
import { ConfigError, ModelError } from '@onda/contract';
import type { Graph, Model, ValueInfo } from '@onda/onnx';

/**
 * The operator set that is written unless another is asked for, and those that may be. From 22 on RNN, LSTM and GRU have another
 * version, which the CUDA and WebGPU providers of ONNX Runtime have no kernels for; before 14 they have no layout.
 */
export const opsets = { least: 14, usual: 17, most: 21 } as const;

/** Of ONNX 1.10 to 1.13; every operator set above is taken with it. */
const IR_VERSION = 8;

/** @throws ConfigError for an operator set out of range */
export function makeModel(
  graph: Graph,
  { opset = opsets.usual, producerVersion }: { opset?: number | undefined; producerVersion: string },
): Model {
  if (!Number.isSafeInteger(opset) || opset < opsets.least || opset > opsets.most) {
    throw new ConfigError(
      `opset: expected ${opsets.least} to ${opsets.most}, got ${opset}; from ${opsets.most + 1} on ONNX Runtime has no CUDA and WebGPU kernels for recurrent layers`,
    );
  }
  return {
    irVersion: IR_VERSION,
    opsets: { '': opset },
    producerName: 'onda',
    producerVersion,
    metadata: {},
    graph,
  };
}

/** Of the package, for the producer field of files. */
export const exporterVersion = '0.1.0';

/** The model with these entries in its metadata, beside those that it has; an equal key is replaced. */
export function withMetadata(model: Model, metadata: Readonly<Record<string, string>>): Model {
  return { ...model, metadata: { ...model.metadata, ...metadata } };
}

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
