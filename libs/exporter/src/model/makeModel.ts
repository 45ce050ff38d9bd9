import { ConfigError } from '@onda/contract';
import type { Graph, Model } from '@onda/onnx';

/**
 * The operator set that is written unless another is asked for, and those that may be. From 22 on RNN, LSTM and GRU have another
 * version, which the CUDA and WebGPU providers of ONNX Runtime have no kernels for; before 14 they have no layout.
 */
export const opsets = { least: 14, usual: 17, most: 21 } as const;

/** Of ONNX 1.10 to 1.13; every operator set above is taken with it. */
const irVersion = 8;

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
  return { irVersion, opsets: { '': opset }, producerName: 'onda', producerVersion, metadata: {}, graph };
}
