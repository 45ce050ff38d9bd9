import type { TensorSpec } from '@onda/contract';
import { checkModelName, tritonTypes } from '@onda/contract';
import type { StateLayout } from './states.ts';
import { stateTensors } from './states.ts';

export interface TritonModel {
  readonly name: string;
  /** Of model.onnx. */
  readonly tensors: { readonly inputs: readonly TensorSpec[]; readonly outputs: readonly TensorSpec[] };
  /** Which tensors are states; null for none. */
  readonly state: StateLayout | null;
}

/** Requests that Triton may batch. */
const MAX_BATCH = 64;

/**
 * Triton's configuration of an exported model for the ONNX Runtime backend. Requests are batched if the first dim of every
 * tensor is the batch. States are implicit, zero at the start of a sequence, with an idle timeout of one minute. Triton pairs states by
 * sorted names (server issue 8586); `stateLayout` names them so that inputs and outputs sort alike.
 *
 * @throws ConfigError for a name that cannot be a folder
 */
export function configPbtxt({ name, tensors, state }: TritonModel): string {
  const states = state === null ? [] : stateTensors(state);
  const hidden = new Set(states.flatMap(({ input, output }) => [input, output]));
  const inputs = tensors.inputs.filter((tensor) => !hidden.has(tensor.name));
  const outputs = tensors.outputs.filter((tensor) => !hidden.has(tensor.name));
  const batched = [...inputs, ...outputs].every(({ shape }) => shape[0] === 'batch');
  const list = (tensor: TensorSpec): string => tensorText(tensor, batched);
  return `name: ${quoted(checkModelName(name))}
backend: "onnxruntime"
max_batch_size: ${batched ? MAX_BATCH : 0}
input [ ${inputs.map(list).join(',\n        ')} ]
output [ ${outputs.map(list).join(',\n         ')} ]
${states.length > 0 ? sequenceBatching(states) : batched ? 'dynamic_batching { max_queue_delay_microseconds: 200 }\n' : ''}instance_group [ { count: 1 kind: KIND_CPU } ]
`;
}

/** A tensor without the batch dim, which Triton adds. Triton has no tensors without dims: they are a reshaped [1]. */
function tensorText({ name, type, shape }: TensorSpec, batched: boolean): string {
  const dims = (batched ? shape.slice(1) : shape).map((dim) => (typeof dim === 'number' ? dim : -1));
  const shaped = dims.length > 0 ? `dims: [ ${dims.join(', ')} ]` : 'dims: [ 1 ] reshape: { shape: [ ] }';
  return `{ name: ${quoted(name)} data_type: ${tritonTypes[type]} ${shaped} }`;
}

function sequenceBatching(states: ReturnType<typeof stateTensors>): string {
  const entries = states.map(({ input, output, size }, index) => {
    const zeros = states.length === 1 ? 'zeros' : `zeros_${index}`;
    return `    { input_name: ${quoted(input)} output_name: ${quoted(output)} data_type: TYPE_FP32 dims: [ ${size} ]
      initial_state: { name: ${quoted(zeros)} data_type: TYPE_FP32 dims: [ ${size} ] zero_data: true } }`;
  });
  return `sequence_batching {
  max_sequence_idle_microseconds: 60000000
  oldest { max_candidate_sequences: 1024 max_queue_delay_microseconds: 200 }
  state [
${entries.join(',\n')}
  ]
}
`;
}

/** A string of protobuf's text format; tensor names may contain any character. */
function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`;
}
