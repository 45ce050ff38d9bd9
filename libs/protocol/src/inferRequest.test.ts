import { describe, expect, it } from 'vitest';
import { bindRequest } from './bindRequest.ts';
import type { BoundRequest } from './bindRequest.ts';
import { decodeInferRequest } from './inferRequest.ts';
import type { InferRequest } from './inferRequest.ts';
import type { ModelTensors } from './modelTensors.ts';
import { statusOf } from './protocolError.ts';

const model: ModelTensors = {
  inputs: [
    { name: 'x', type: 'float32', shape: ['batch', 'time', 1] },
    { name: 'n', type: 'int64', shape: [2] },
  ],
  outputs: [
    { name: 'y', type: 'float32', shape: ['batch', 'time', 1] },
    { name: 'state_out', type: 'float32', shape: ['batch', 3] },
  ],
};
const MAX_VALUES = 1000;

type Decoded = Omit<InferRequest, 'inputs' | 'outputs'> & BoundRequest;
const x = { name: 'x', shape: [1, 2, 1], datatype: 'FP32', data: [0.5, -1] };
const n = { name: 'n', shape: [2], datatype: 'INT64', data: [1, -2] };

function decodeText(text: string): Decoded {
  const request = decodeInferRequest(new TextEncoder().encode(text), undefined, MAX_VALUES);
  return { ...request, ...bindRequest(request, model, MAX_VALUES) };
}

function decode(document: unknown): Decoded {
  return decodeText(JSON.stringify(document));
}

describe(decodeInferRequest, () => {
  it('decodes flat data', () => {
    const request = decode({ id: 'a', inputs: [x, n] });
    expect(request.id).toBe('a');
    expect(request.inputs).toEqual({
      x: { type: 'float32', dims: [1, 2, 1], data: Float32Array.of(0.5, -1) },
      n: { type: 'int64', dims: [2], data: BigInt64Array.of(1n, -2n) },
    });
    expect(request.outputs).toEqual([
      { name: 'y', binary: false },
      { name: 'state_out', binary: false },
    ]);
  });

  it('decodes data nested as the shape says', () => {
    const nested = {
      ...x,
      shape: [2, 2, 1],
      data: [
        [[1], [2]],
        [[3], [4]],
      ],
    };
    expect(decode({ inputs: [nested, n] }).inputs.x.data).toEqual(Float32Array.of(1, 2, 3, 4));
  });

  it('accepts the requested outputs, in that order', () => {
    const outputs = [{ name: 'state_out' }, { name: 'y', parameters: { binary_data: true } }];
    expect(decode({ inputs: [x, n], outputs }).outputs).toEqual([
      { name: 'state_out', binary: false },
      { name: 'y', binary: true },
    ]);
    expect(decode({ inputs: [x, n], parameters: { binary_data_output: true } }).outputs[0].binary).toBe(true);
  });

  it('ignores keys that the protocol does not have, as other servers do', () => {
    expect(decode({ model_name: 'm', inputs: [{ ...x, extra: 1 }, n] }).inputs.x.dims).toEqual([1, 2, 1]);
  });

  it.each<[name: string, document: unknown, message: string]>([
    ['a list', [], 'the body: expected a JSON object, got an array of 0; put the request into { }'],
    [
      'an id that is not a string',
      { id: 7, inputs: [x, n] },
      'id: expected a string, got 7; put it into quotes',
    ],
    ['no inputs', {}, "inputs: expected a list of tensors, got nothing; send the model's inputs"],
    ['a missing input', { inputs: [x] }, 'input "n" is missing; send x and n'],
    [
      'an unknown input',
      { inputs: [x, { ...n, name: 'z' }] },
      'input "z": the model has no such input; send x and n',
    ],
    [
      'an input without a name',
      { inputs: [3, {}] },
      'inputs: expected a tensor with a name, got 3; name each input',
    ],
    ['an input twice', { inputs: [x, x] }, 'input "x": expected once, got it twice; remove one'],
    [
      'another datatype',
      { inputs: [{ ...x, datatype: 'FP64' }, n] },
      'input "x": expected datatype FP32, got "FP64"; convert the values',
    ],
    [
      'no datatype',
      { inputs: [{ ...x, datatype: undefined }, n] },
      'input "x": expected a datatype of the protocol (FP32, FP64, FP16, INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64, BOOL, BYTES), got nothing; convert the values',
    ],
    [
      'no shape',
      { inputs: [{ ...x, shape: undefined }, n] },
      'input "x": expected "shape" as a list of whole numbers, got nothing; add it',
    ],
    [
      'another rank',
      { inputs: [{ ...x, shape: [2] }, n] },
      'input "x": expected shape [batch, time, 1], got [2]; give it 3 dims',
    ],
    [
      'another fixed dim',
      { inputs: [{ ...x, shape: [1, 1, 2] }, n] },
      'input "x": expected shape [batch, time, 1], got [1, 1, 2]; its dim 2 is always 1',
    ],
    [
      'a negative dim',
      { inputs: [{ ...x, shape: [-1, -2, 1] }, n] },
      'input "x": expected whole numbers as dims, got shape [-1, -2, 1]; correct it',
    ],
    [
      'a dim in quotes',
      { inputs: [{ ...x, shape: ['1', 2, 1] }, n] },
      'input "x": expected whole numbers as dims, got shape ["1", 2, 1]; correct it',
    ],
    [
      'a shape whose product overflows',
      { inputs: [{ ...x, shape: [2 ** 50, 2 ** 50, 1] }, n] },
      `input "x": expected at most 1000 values, got shape [${2 ** 50}, ${2 ** 50}, 1]; send fewer rows or samples at a time`,
    ],
    [
      'fewer values than the shape says',
      { inputs: [{ ...x, data: [1] }, n] },
      'input "x": expected 2 values for shape [1, 2, 1], got 1; correct the shape or the data',
    ],
    [
      'no data',
      { inputs: [{ ...x, data: undefined }, n] },
      'input "x": expected an array of numbers, got nothing; send a list',
    ],
    [
      'data nested in another way',
      { inputs: [{ ...x, data: [[0.5, -1]] }, n] },
      'input "x": expected "data" flat or nested as shape [1, 2, 1], got it nested as [1, 2]; correct the shape or the data',
    ],
    [
      'ragged data',
      { inputs: [{ ...x, shape: [2, 2, 1], data: [[[1], [2]], [[3]]] }, n] },
      'input "x": expected arrays of 2 throughout level 2, got an array of 1; make them equally long',
    ],
    [
      'null for NaN',
      { inputs: [{ ...x, data: [1, null] }, n] },
      'input "x": expected a number at position 1, got null; JSON has no NaN, so leave such samples out',
    ],
    [
      'a number in quotes',
      { inputs: [{ ...x, data: [1, 'NaN'] }, n] },
      'input "x": expected a number at position 1, got "NaN"; JSON has no NaN, so leave such samples out',
    ],
    [
      'a number beyond float32',
      { inputs: [{ ...x, data: [1, 1e39] }, n] },
      'input "x": expected numbers within float32, got 1e+39 at position 1; scale the values or leave them out',
    ],
    [
      'a fraction for an integer',
      { inputs: [x, { ...n, data: [1, 0.5] }] },
      'input "n": expected whole numbers, above 2^53 - 1 as digits in a string, got 0.5 at position 1; round the values or send digits',
    ],
    [
      'an integer that JSON rounds',
      { inputs: [x, { ...n, data: [1, 2 ** 53] }] },
      'input "n": expected whole numbers, above 2^53 - 1 as digits in a string, got 9007199254740992 at position 1; round the values or send digits',
    ],
    [
      'an unknown output',
      { inputs: [x, n], outputs: [{ name: 'z' }] },
      'output "z": the model has no such output; it gives y and state_out',
    ],
    [
      'an output twice',
      { inputs: [x, n], outputs: [{ name: 'y' }, { name: 'y' }] },
      'output "y": expected once, got it twice; remove one',
    ],
    [
      'an output as classes',
      { inputs: [x, n], outputs: [{ name: 'y', parameters: { classification: 3 } }] },
      'output "y": parameters: classification: expected none, since the service answers with the values themselves, got 3; leave it out and sort them',
    ],
    [
      'an output in shared memory',
      { inputs: [x, n], outputs: [{ name: 'y', parameters: { shared_memory_region: 'r' } }] },
      'output "y": parameters: shared_memory_region: expected none, since the service has no shared memory, got "r"; take the values from the response',
    ],
    [
      'an input in shared memory, beside its data',
      { inputs: [{ ...x, parameters: { shared_memory_region: 'r', shared_memory_byte_size: 8 } }, n] },
      'input "x": parameters: shared_memory_region: expected none, since the service has no shared memory, got "r"; send the values in the request',
    ],
    [
      'an offset in shared memory alone',
      { inputs: [{ ...x, parameters: { shared_memory_offset: 4 } }, n] },
      'input "x": parameters: shared_memory_offset: expected none, since the service has no shared memory, got 4; send the values in the request',
    ],
    [
      'bfloat16',
      { inputs: [{ ...x, datatype: 'BF16' }, n] },
      'input "x": expected one of FP32, FP64, FP16, INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64, BOOL, BYTES, got BF16, which ONNX Runtime for Node has no tensors of; convert the values to FP32',
    ],
    [
      'outputs that are not a list',
      { inputs: [x, n], outputs: 'y' },
      'outputs: expected a list, got "y"; leave it out for all outputs',
    ],
    [
      'parameters that are not an object',
      { inputs: [x, n], parameters: [] },
      'parameters: expected an object, got an array of 0; remove it',
    ],
    [
      'a parameter that is an object',
      { inputs: [x, n], parameters: { a: {} } },
      'parameters: a: expected a string, a number, true or false, got an object; correct it',
    ],
    [
      'a flag that is not a boolean',
      { inputs: [x, n], parameters: { binary_data_output: 1 } },
      'parameters: binary_data_output: expected true or false, got 1; correct it',
    ],
  ])('refuses %s', (_name, document, message) => {
    expect(() => decode(document)).toThrow(message);
  });

  it('takes sequence parameters that mean none, as tritonclient may send them', () => {
    const parameters = { sequence_id: 0, sequence_start: false, sequence_end: false };
    expect(decode({ inputs: [x, n], parameters }).inputs.x.dims).toEqual([1, 2, 1]);
  });

  it('leaves the state of a sequence to the service, and answers it when asked for', () => {
    const stateful = {
      ...model,
      inputs: [model.inputs[0], { name: 'state_in', type: 'float32' as const, shape: ['batch', 3] }],
      states: [{ input: 'state_in', output: 'state_out' }],
    };
    const request = (more: object): Decoded => {
      const body = new TextEncoder().encode(JSON.stringify({ inputs: [x], ...more }));
      const decoded = decodeInferRequest(body, undefined, MAX_VALUES);
      return { ...decoded, ...bindRequest(decoded, stateful, MAX_VALUES) };
    };
    const parameters = { sequence_id: 5, sequence_start: true };
    expect(request({ parameters })).toMatchObject({
      sequence: { id: '5', start: true, end: false, step: undefined },
      outputs: [{ name: 'y', binary: false }],
    });
    expect(request({ parameters, outputs: [{ name: 'state_out' }] }).outputs).toEqual([
      { name: 'state_out', binary: false },
    ]);
    expect(() => request({})).toThrow('input "state_in" is missing; send x and state_in');
  });

  it('refuses 1e999, which JSON reads as an infinity', () => {
    const text = JSON.stringify({ inputs: [x, n] }).replace('0.5', '1e999');
    expect(() => decodeText(text)).toThrow(
      'input "x": expected numbers within float32, got Infinity at position 0; scale the values or leave them out',
    );
  });

  it('answers a refused request with a 4xx', () => {
    for (const document of [
      [],
      {},
      { inputs: [x] },
      { inputs: [{ ...x, shape: [2 ** 50, 2 ** 50, 1] }, n] },
    ]) {
      try {
        decode(document);
        expect.unreachable();
      } catch (error) {
        expect([400, 413]).toContain(statusOf(error));
      }
    }
  });
});
