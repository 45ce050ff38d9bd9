import { describe, expect, it } from 'vitest';
import { modelConfig, modelMetadata } from './metadata.ts';
import type { ModelTensors } from './modelTensors.ts';

const tensors: ModelTensors = {
  inputs: [{ name: 'x', type: 'float32', shape: ['batch', 'time', 4] }],
  outputs: [{ name: 'n', type: 'int64', shape: ['batch'] }],
};

describe(modelMetadata, () => {
  it('writes -1 for a dim that is not fixed', () => {
    expect(modelMetadata('m', 3, tensors)).toEqual({
      name: 'm',
      versions: ['3'],
      platform: 'onnxruntime_onnx',
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, -1, 4] }],
      outputs: [{ name: 'n', datatype: 'INT64', shape: [-1] }],
    });
  });
});

describe(modelConfig, () => {
  it('leaves the batch out of the dims, since max_batch_size stands for it', () => {
    expect(modelConfig('m', tensors, 64)).toMatchObject({
      max_batch_size: 64,
      input: [{ name: 'x', data_type: 'TYPE_FP32', dims: [-1, 4] }],
      output: [{ name: 'n', data_type: 'TYPE_INT64', dims: [] }],
    });
  });

  it('names the states that are kept for a sequence, whose inputs may be left out', () => {
    const stateful: ModelTensors = {
      inputs: [...tensors.inputs, { name: 's', type: 'float32', shape: ['batch', 8] }],
      outputs: [...tensors.outputs, { name: 't', type: 'float32', shape: ['batch', 8] }],
    };
    const config = modelConfig('m', stateful, 64, { states: [{ input: 's', output: 't' }], idleMs: 60_000 });
    expect(config.input).toEqual([
      { name: 'x', data_type: 'TYPE_FP32', dims: [-1, 4] },
      { name: 's', data_type: 'TYPE_FP32', dims: [8], optional: true },
    ]);
    expect(config.sequence_batching).toEqual({
      max_sequence_idle_microseconds: 60_000_000,
      state: [{ input_name: 's', output_name: 't', data_type: 'TYPE_FP32', dims: [8] }],
    });
    expect(modelConfig('m', stateful, 64)).not.toHaveProperty('sequence_batching');
    expect(modelConfig('m', tensors, 64, { states: [], idleMs: 1 })).not.toHaveProperty('sequence_batching');
  });
});
