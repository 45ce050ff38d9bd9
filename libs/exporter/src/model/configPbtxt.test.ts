import { ConfigError } from '@onda/contract';
import { describe, expect, it } from 'vitest';
import { configPbtxt } from './configPbtxt.ts';

describe(configPbtxt, () => {
  it('writes sequences with one packed state for the ONNX Runtime backend', () => {
    expect(configPbtxt({ name: 'net', features: 4, outputs: 3, stateSize: 64 })).toBe(`name: "net"
backend: "onnxruntime"
max_batch_size: 64
input [ { name: "x" data_type: TYPE_FP32 dims: [ -1, 4 ] } ]
output [ { name: "y" data_type: TYPE_FP32 dims: [ -1, 3 ] } ]
sequence_batching {
  max_sequence_idle_microseconds: 60000000
  oldest { max_candidate_sequences: 1024 max_queue_delay_microseconds: 200 }
  state [
    { input_name: "state_in" output_name: "state_out" data_type: TYPE_FP32 dims: [ 64 ]
      initial_state: { name: "zeros" data_type: TYPE_FP32 dims: [ 64 ] zero_data: true } }
  ]
}
instance_group [ { count: 1 kind: KIND_CPU } ]
`);
  });

  it('refuses a name that cannot be a folder', () => {
    expect(() => configPbtxt({ name: '../net', features: 1, outputs: 1, stateSize: 1 })).toThrow(
      new ConfigError(
        'name: expected 1 to 128 letters, digits, ".", "_" or "-", starting with a letter or digit and without "..", got "../net"; choose another name',
      ),
    );
  });
});
