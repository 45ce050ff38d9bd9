import { checkModelName, tensorNames } from '@onda/contract';

export interface TritonNet {
  readonly name: string;
  readonly features: number;
  readonly outputs: number;
  readonly stateSize: number;
}

/**
 * Triton's configuration of an exported net: ONNX Runtime backend, sequences with implicit state. The state is one row a sequence,
 * zeros at its start, so its name on one side sorts as on the other (server issue 8586). A sequence may rest for a minute.
 *
 * @throws ConfigError for a name that cannot be a folder
 */
export function configPbtxt({ name, features, outputs, stateSize }: TritonNet): string {
  const { input, output, stateIn, stateOut } = tensorNames;
  return `name: "${checkModelName(name)}"
backend: "onnxruntime"
max_batch_size: 64
input [ { name: "${input}" data_type: TYPE_FP32 dims: [ -1, ${features} ] } ]
output [ { name: "${output}" data_type: TYPE_FP32 dims: [ -1, ${outputs} ] } ]
sequence_batching {
  max_sequence_idle_microseconds: 60000000
  oldest { max_candidate_sequences: 1024 max_queue_delay_microseconds: 200 }
  state [
    { input_name: "${stateIn}" output_name: "${stateOut}" data_type: TYPE_FP32 dims: [ ${stateSize} ]
      initial_state: { name: "zeros" data_type: TYPE_FP32 dims: [ ${stateSize} ] zero_data: true } }
  ]
}
instance_group [ { count: 1 kind: KIND_CPU } ]
`;
}
