import { tritonTypes } from '@onda/contract';
import type { TensorSpec } from '@onda/contract';
import { datatypes } from './datatypes.ts';
import type { ModelTensors } from './modelTensors.ts';

/** A tensor in model metadata: -1 stands for a dim that is not fixed. */
export interface TensorMetadata {
  name: string;
  datatype: string;
  shape: number[];
}

export interface ModelMetadata {
  name: string;
  versions: string[];
  platform: string;
  inputs: TensorMetadata[];
  outputs: TensorMetadata[];
}

/** What Triton calls an ONNX file on ONNX Runtime, so that clients see the same from both servers. */
const PLATFORM = 'onnxruntime_onnx';

/** `GET /v2/models/{name}`. */
export function modelMetadata(name: string, version: number, tensors: ModelTensors): ModelMetadata {
  const describe = ({ name, type, shape }: TensorSpec): TensorMetadata => ({
    name,
    datatype: datatypes[type],
    shape: shape.map((dim) => (typeof dim === 'number' ? dim : -1)),
  });
  return {
    name,
    versions: [String(version)],
    platform: PLATFORM,
    inputs: tensors.inputs.map(describe),
    outputs: tensors.outputs.map(describe),
  };
}

/** A tensor in Triton's model configuration: its dims are without the batch. */
interface ConfigTensor {
  name: string;
  data_type: string;
  dims: number[];
}

export interface ModelConfig {
  name: string;
  platform: string;
  backend: string;
  version_policy: { latest: { num_versions: number } };
  max_batch_size: number;
  input: ConfigTensor[];
  output: ConfigTensor[];
}

/**
 * `GET /v2/models/{name}/config`: Triton's ModelConfig as JSON, of what this service does with the model. The state is a
 * plain tensor here, so it stands among the inputs and outputs.
 *
 * @param maxBatch the most rows that one request may have; 0: its tensors have none, and dims are given in full
 */
export function modelConfig(name: string, tensors: ModelTensors, maxBatch: number): ModelConfig {
  const describe = ({ name, type, shape }: TensorSpec): ConfigTensor => ({
    name,
    data_type: tritonTypes[type],
    dims: shape.slice(maxBatch > 0 ? 1 : 0).map((dim) => (typeof dim === 'number' ? dim : -1)),
  });
  return {
    name,
    platform: PLATFORM,
    backend: 'onnxruntime',
    version_policy: { latest: { num_versions: 1 } },
    max_batch_size: maxBatch,
    input: tensors.inputs.map(describe),
    output: tensors.outputs.map(describe),
  };
}
