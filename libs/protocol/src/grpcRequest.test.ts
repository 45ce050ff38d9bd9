import { describe, expect, it } from 'vitest';
import { bindRequest } from './bindRequest.ts';
import type { BoundRequest } from './bindRequest.ts';
import { decodeGrpcInferRequest } from './grpcRequest.ts';
import type { GrpcInferRequest } from './grpcRequest.ts';
import type { InferRequest } from './inferRequest.ts';
import type { ModelTensors } from './modelTensors.ts';

const model: ModelTensors = {
  inputs: [{ name: 'x', type: 'float32', shape: ['batch', 'time', 1] }],
  outputs: [
    { name: 'y', type: 'float32', shape: ['batch', 'time', 1] },
    { name: 'n', type: 'int64', shape: [1] },
  ],
};
const input: GrpcInferRequest['inputs'][number] = {
  name: 'x',
  datatype: 'FP32',
  shape: [1, 2, 1],
  contents: undefined,
};
const raw = new Uint8Array(Float32Array.of(0.5, -1).buffer);
const message: GrpcInferRequest = {
  modelName: 'm',
  modelVersion: '',
  id: '',
  parameters: {},
  inputs: [input],
  outputs: [],
  rawInputs: [raw],
};
const decode = (more: Partial<GrpcInferRequest>): Omit<InferRequest, 'inputs' | 'outputs'> & BoundRequest => {
  const request = decodeGrpcInferRequest({ ...message, ...more }, 1000);
  return { ...request, ...bindRequest(request, model, 1000) };
};
/** `fp32_contents`. */
const contents = new Map([[6, [0.5, -1]]]);

describe(decodeGrpcInferRequest, () => {
  it('reads raw contents and typed ones alike', () => {
    const x = { type: 'float32', dims: [1, 2, 1], data: Float32Array.of(0.5, -1) };
    expect(decode({ id: 'a' })).toMatchObject({ id: 'a', inputs: { x }, sequence: undefined });
    const typed = decode({ inputs: [{ ...input, contents }], rawInputs: [] });
    expect(typed).toMatchObject({ id: undefined, inputs: { x } });
    expect(typed.outputs.map(({ name }) => name)).toEqual(['y', 'n']);
    expect(decode({ outputs: [{ name: 'n' }] }).outputs).toHaveLength(1);
  });

  it('reads the parameters of a sequence', () => {
    const parameters = { sequence_id: 7, sequence_start: true, sequence_step: 1 };
    expect(decode({ parameters }).sequence).toEqual({ id: '7', start: true, end: false, step: 1 });
  });

  it.each<[name: string, more: Partial<GrpcInferRequest>, error: string]>([
    [
      'too many raw contents',
      { rawInputs: [raw, raw] },
      'raw_input_contents: expected one for each of the 1 inputs, got 2; send the values of all inputs there, or of none',
    ],
    [
      'contents of both kinds',
      { inputs: [{ ...input, contents }] },
      'input "x": expected contents or raw_input_contents, got both; send one',
    ],
    [
      'raw contents of another size',
      { rawInputs: [raw.subarray(0, 5)] },
      'input "x": expected 8 bytes for shape [1, 2, 1], got 5; correct the shape or binary_data_size',
    ],
    [
      'a parameter without a value',
      { parameters: { sequence_id: undefined } },
      'parameters: sequence_id: expected a value, got nothing; set one or leave the parameter out',
    ],
    [
      'a sequence id beyond what numbers hold',
      { parameters: { sequence_id: 2 ** 64 } },
      'parameters: sequence_id: expected a whole number up to 2^53 - 1, or a string of at most 128 characters, got 18446744073709552000; send larger numbers as strings',
    ],
    [
      'an input in shared memory',
      { inputs: [{ ...input, parameters: { shared_memory_region: 'r' } }] },
      'input "x": parameters: shared_memory_region: expected none, since the service has no shared memory, got "r"; send the values in the request',
    ],
    [
      'a text with a NUL',
      {
        inputs: [{ name: 'x', datatype: 'BYTES', shape: [1], contents: new Map([[8, ['a\0b']]]) }],
        rawInputs: [],
      },
      'input "x": expected text without NUL and lone surrogates, got a NUL character in string 0; encode it, base64 for instance',
    ],
    [
      'a text that is not UTF-8',
      {
        inputs: [{ name: 'x', datatype: 'BYTES', shape: [1], contents: new Map([[8, [undefined]]]) }],
        rawInputs: [],
      },
      'input "x": expected UTF-8, got other bytes in string 0; encode them as text, base64 for instance',
    ],
    [
      'an output as classes',
      { outputs: [{ name: 'y', parameters: { classification: 2 } }] },
      'output "y": parameters: classification: expected none, since the service answers with the values themselves, got 2; leave it out and sort them',
    ],
    [
      'a shape that overflows',
      { inputs: [{ ...input, shape: [2 ** 63, 2, 1] }] },
      'input "x": expected whole numbers as dims, got shape [9223372036854776000, 2, 1]; correct it',
    ],
  ])('refuses %s', (_name, more, error) => {
    expect(() => decode(more)).toThrow(error);
  });
});
