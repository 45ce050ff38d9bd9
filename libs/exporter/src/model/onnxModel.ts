import type { TensorSpec } from '@onda/contract';
import { ConfigError, ModelError } from '@onda/contract';
import type { Graph, Model, ValueInfo } from '@onda/onnx';

/**
 * Operator sets: minimum, default and maximum. From 22 on RNN, LSTM and GRU have a
 * version without kernels in ONNX Runtime's CUDA and WebGPU providers; before 14 they have no layout attribute.
 */
export const opsets = { min: 14, default: 17, max: 21 } as const;

/** IR version of ONNX 1.10 to 1.13; valid with all of these operator sets. */
const IR_VERSION = 8;

/** @throws ConfigError for an operator set out of range */
export function makeModel(
  graph: Graph,
  { opset = opsets.default, producerVersion }: { opset?: number | undefined; producerVersion: string },
): Model {
  if (!Number.isSafeInteger(opset) || opset < opsets.min || opset > opsets.max) {
    throw new ConfigError(
      `opset: expected ${opsets.min} to ${opsets.max}, got ${opset}; from ${opsets.max + 1} on ONNX Runtime has no CUDA and WebGPU kernels for recurrent layers`,
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

/** Version of the package, for the producer field of files. */
export const exporterVersion = '0.1.0';

/** The model with additional metadata; equal keys are replaced. */
export function withMetadata(model: Model, metadata: Readonly<Record<string, string>>): Model {
  return { ...model, metadata: { ...model.metadata, ...metadata } };
}

/** Inputs and outputs of a graph in the manifest's form. */
export function tensorSpecs({ inputs, outputs }: Graph): { inputs: TensorSpec[]; outputs: TensorSpec[] } {
  return { inputs: inputs.map(tensorSpec), outputs: outputs.map(tensorSpec) };
}

function tensorSpec({ name, type, shape }: ValueInfo): TensorSpec {
  const named = (shape ?? []).filter((dim) => dim !== null);
  if (shape === null || named.length !== shape.length) {
    throw new ModelError(
      `tensor "${name}": expected a name or a size for every dim, got a dim without either; name it, since a manifest must list it`,
    );
  }
  return { name, type, shape: named };
}
