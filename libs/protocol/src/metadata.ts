import { tritonTypes } from '@onda/contract';
import type { TensorSpec } from '@onda/contract';
import { datatypes } from './datatypes.ts';
import type { ModelTensors } from './modelTensors.ts';

/** A tensor in model metadata: -1 is a dim that is not fixed. */
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

/** Triton's name for ONNX files on ONNX Runtime, so that clients get the same from both servers. */
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
  /** Set for a state, which is omitted in a sequence. */
  optional?: true;
}

/** A state that the service keeps from one request of a sequence to the next. */
interface ConfigState {
  input_name: string;
  output_name: string;
  data_type: string;
  dims: number[];
}

export interface ModelConfig {
  name: string;
  platform: string;
  backend: string;
  version_policy: ConfigVersions;
  max_batch_size: number;
  input: ConfigTensor[];
  output: ConfigTensor[];
  sequence_batching?: { max_sequence_idle_microseconds: number; state: ConfigState[] };
}

/** Which versions are served. */
export type ConfigVersions =
  | { latest: { num_versions: number } }
  | { all: Record<string, never> }
  | { specific: { versions: readonly number[] } };

/** The sequence settings in the configuration of a model. */
export interface ConfigSequences {
  /** Names of the tensors that carry a state from one request to the next. */
  states: readonly { input: string; output: string }[];
  /** Idle timeout of a sequence, milliseconds. */
  idleMs: number;
}

/**
 * `GET /v2/models/{name}/config`: Triton's ModelConfig as JSON, as this service runs the model. A client may also carry the
 * state as a plain tensor, so it is listed among the inputs and outputs, as optional.
 *
 * @param maxBatch  maximum rows of one request; 0: the tensors have no rows, and dims are complete
 * @param sequences undefined: the model is not advertised as a sequence model
 * @param versions  which are served
 */
export function modelConfig(
  name: string,
  tensors: ModelTensors,
  maxBatch: number,
  sequences?: ConfigSequences,
  versions: ConfigVersions = { latest: { num_versions: 1 } },
): ModelConfig {
  const describe = ({ name, type, shape }: TensorSpec): ConfigTensor => ({
    name,
    data_type: tritonTypes[type],
    dims: shape.slice(maxBatch > 0 ? 1 : 0).map((dim) => (typeof dim === 'number' ? dim : -1)),
  });
  const states = (sequences?.states ?? []).flatMap(({ input, output }) => {
    const spec = tensors.inputs.find((tensor) => tensor.name === input);
    if (spec === undefined) return [];
    const { data_type, dims } = describe(spec);
    return [{ input_name: input, output_name: output, data_type, dims }];
  });
  const isState = (input: string): boolean => states.some(({ input_name }) => input_name === input);
  return {
    name,
    platform: PLATFORM,
    backend: 'onnxruntime',
    version_policy: versions,
    max_batch_size: maxBatch,
    input: tensors.inputs.map((spec) => ({
      ...describe(spec),
      ...(isState(spec.name) ? { optional: true as const } : {}),
    })),
    output: tensors.outputs.map(describe),
    ...(sequences && states.length > 0
      ? { sequence_batching: { max_sequence_idle_microseconds: sequences.idleMs * 1000, state: states } }
      : {}),
  };
}
