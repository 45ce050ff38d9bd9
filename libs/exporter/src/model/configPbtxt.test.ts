import type { TensorSpec } from '@onda/contract';
import { ConfigError } from '@onda/contract';
import { describe, expect, it } from 'vitest';
import { configPbtxt } from './configPbtxt.ts';
import { stateLayout } from './states.ts';

const tensor = (
  name: string,
  shape: TensorSpec['shape'],
  type: TensorSpec['type'] = 'float32',
): TensorSpec => ({
  name,
  type,
  shape,
});

const h = { layer: 'rnn', kind: 'h', offset: 0, size: 64 } as const;

describe(configPbtxt, () => {
  it('writes sequences with one packed state for the ONNX Runtime backend', () => {
    const tensors = {
      inputs: [tensor('x', ['batch', 'time', 4]), tensor('state_in', ['batch', 64])],
      outputs: [tensor('y', ['batch', 'time', 3]), tensor('state_out', ['batch', 64])],
    };
    expect(configPbtxt({ name: 'net', tensors, state: stateLayout([h], 'row') })).toBe(`name: "net"
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

  it('writes an entry for each of several states', () => {
    const state = stateLayout([h, { ...h, layer: 'gru', offset: 64, size: 2 }], 'separate');
    const tensors = {
      inputs: [
        tensor('words', ['batch', 'time'], 'int32'),
        tensor('state_in_00_h', ['batch', 64]),
        tensor('state_in_01_h', ['batch', 2]),
      ],
      outputs: [
        tensor('y', ['batch', 3]),
        tensor('state_out_00_h', ['batch', 64]),
        tensor('state_out_01_h', ['batch', 2]),
      ],
    };
    const text = configPbtxt({ name: 'net', tensors, state });
    expect(text).toContain('input [ { name: "words" data_type: TYPE_INT32 dims: [ -1 ] } ]');
    expect(text).toContain(`  state [
    { input_name: "state_in_00_h" output_name: "state_out_00_h" data_type: TYPE_FP32 dims: [ 64 ]
      initial_state: { name: "zeros_0" data_type: TYPE_FP32 dims: [ 64 ] zero_data: true } },
    { input_name: "state_in_01_h" output_name: "state_out_01_h" data_type: TYPE_FP32 dims: [ 2 ]
      initial_state: { name: "zeros_1" data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } }
  ]`);
  });

  it('lists several inputs and outputs of a model without state, and lets their requests be joined', () => {
    const tensors = {
      inputs: [tensor('a "b"', ['batch', 2]), tensor('mask', ['batch', 'mask/time'], 'bool')],
      outputs: [tensor('y', ['batch'])],
    };
    expect(configPbtxt({ name: 'net', tensors, state: null })).toBe(`name: "net"
backend: "onnxruntime"
max_batch_size: 64
input [ { name: "a \\"b\\"" data_type: TYPE_FP32 dims: [ 2 ] },
        { name: "mask" data_type: TYPE_BOOL dims: [ -1 ] } ]
output [ { name: "y" data_type: TYPE_FP32 dims: [ 1 ] reshape: { shape: [ ] } } ]
dynamic_batching { max_queue_delay_microseconds: 200 }
instance_group [ { count: 1 kind: KIND_CPU } ]
`);
  });

  it('joins nothing where a first dim is not the batch', () => {
    const tensors = { inputs: [tensor('x', ['batch', 2])], outputs: [tensor('y', [5, 'batch'])] };
    const text = configPbtxt({ name: 'net', tensors, state: null });
    expect(text).toContain('max_batch_size: 0\ninput [ { name: "x" data_type: TYPE_FP32 dims: [ -1, 2 ] } ]');
    expect(text).toContain('dims: [ 5, -1 ]');
    expect(text).not.toContain('dynamic_batching');
  });

  it('refuses a name that cannot be a folder', () => {
    const tensors = { inputs: [], outputs: [] };
    expect(() => configPbtxt({ name: '../net', tensors, state: null })).toThrow(
      new ConfigError(
        'name: expected 1 to 128 letters, digits, ".", "_" or "-", starting with a letter or digit and without "..", got "../net"; choose another name',
      ),
    );
  });
});
