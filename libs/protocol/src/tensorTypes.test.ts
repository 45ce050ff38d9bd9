import { tensorTypes } from '@onda/contract';
import type { TensorType } from '@onda/contract';
import { describe, expect, it } from 'vitest';
import { bindRequest } from './bindRequest.ts';
import { datatypes } from './datatypes.ts';
import type { ProtocolTensor } from './datatypes.ts';
import type { GrpcContents } from './grpcContents.ts';
import { decodeGrpcInferRequest } from './grpcRequest.ts';
import { decodeInferRequest } from './inferRequest.ts';
import { encodeInferResponse } from './inferResponse.ts';
import type { ModelTensors } from './modelTensors.ts';
import { tensorBytes } from './tensorBytes.ts';

/** Two values of each type that JSON carries, at the ends of its range. */
const examples: Partial<Record<TensorType, readonly unknown[]>> = {
  float32: [-1.5, 0.25],
  float64: [1e300, 0.1],
  int8: [-128, 127],
  int16: [-32_768, 32_767],
  int32: [-2_147_483_648, 2_147_483_647],
  int64: [-9_007_199_254_740_991, 9_007_199_254_740_991],
  uint8: [0, 255],
  uint16: [0, 65_535],
  uint32: [0, 4_294_967_295],
  uint64: [0, 9_007_199_254_740_991],
  bool: [true, false],
  string: ['', 'é "x"\n'],
};
const jsonTypes = Object.keys(examples) as TensorType[];

function modelOf(type: TensorType): ModelTensors {
  const tensor = { name: 'a', type, shape: ['batch'] };
  return { inputs: [tensor], outputs: [tensor] };
}

function decodeJson(type: TensorType, data: unknown, count = 2): ProtocolTensor {
  const input = { name: 'a', datatype: datatypes[type], shape: [count], data };
  const body = new TextEncoder().encode(JSON.stringify({ inputs: [input] }));
  return bindRequest(decodeInferRequest(body, undefined, 100), modelOf(type), 100).inputs.a;
}

function encode(tensor: ProtocolTensor, binary: boolean): ReturnType<typeof encodeInferResponse> {
  const outputs = [{ name: 'a', tensor, binary }];
  return encodeInferResponse({ modelName: 'm', modelVersion: '1', id: undefined, outputs });
}

function decodeBytes(type: TensorType, bytes: Uint8Array, count = 2): ProtocolTensor {
  const input = {
    name: 'a',
    datatype: datatypes[type],
    shape: [count],
    parameters: { binary_data_size: bytes.byteLength },
  };
  const header = new TextEncoder().encode(JSON.stringify({ inputs: [input] }));
  const body = new Uint8Array([...header, ...bytes]);
  return bindRequest(decodeInferRequest(body, header.byteLength, 100), modelOf(type), 100).inputs.a;
}

describe('tensor types over HTTP', () => {
  it('covers every type', () => {
    expect([...jsonTypes, 'float16'].sort()).toEqual([...tensorTypes].sort());
  });

  it.each(jsonTypes)('carries %s as JSON and as bytes, there and back', (type) => {
    const tensor = decodeJson(type, examples[type]);
    const { body } = encode(tensor, false);
    expect((JSON.parse(body as string) as { outputs: { data: unknown }[] }).outputs[0].data).toEqual(
      examples[type],
    );
    const binary = encode(tensor, true);
    const bytes = (binary.body as Uint8Array).subarray(binary.headerLength);
    expect(decodeBytes(type, bytes)).toEqual(tensor);
  });

  it('reads whole numbers beyond 2^53 as digits in a string', () => {
    expect(decodeJson('int64', ['-9223372036854775808', '9223372036854775807']).data).toEqual(
      BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n),
    );
    expect(decodeJson('uint64', ['18446744073709551615', 7]).data).toEqual(
      BigUint64Array.of(2n ** 64n - 1n, 7n),
    );
  });

  it('keeps a byte order mark, and text outside the basic plane', () => {
    const texts = ['\ufeffa', '😀'];
    const tensor = decodeJson('string', texts);
    expect(tensor.data).toEqual(texts);
    expect(decodeBytes('string', tensorBytes(tensor)).data).toEqual(texts);
  });

  it('carries float16 as bytes alone', () => {
    const half = decodeBytes('float16', Uint8Array.of(0x00, 0x3c, 0x00, 0xbc));
    expect(half.data).toEqual(Uint16Array.of(0x3c00, 0xbc00));
    expect(() => decodeJson('float16', [1, -1])).toThrow(
      'input "a": expected FP16 as bytes, got it as JSON, which has no such numbers; send it with binary_data_size',
    );
    expect(() => encode(half, false)).toThrow(
      'output "a": FP16 has no numbers in JSON; ask for it with binary_data true',
    );
    expect(() => decodeBytes('float16', Uint8Array.of(0x00, 0x7c, 0, 0))).toThrow(
      'input "a": expected finite numbers, got NaN or an infinity at position 0; remove or replace it',
    );
  });

  it.each<[TensorType, unknown, string]>([
    [
      'uint8',
      [1, 256],
      'expected whole numbers from 0 to 255, got 256 at position 1; round or clip the values',
    ],
    [
      'int8',
      [-129, 0],
      'expected whole numbers from -128 to 127, got -129 at position 0; round or clip the values',
    ],
    [
      'int32',
      [0.5, 0],
      'expected whole numbers from -2147483648 to 2147483647, got 0.5 at position 0; round or clip the values',
    ],
    ['uint64', [0, -1], 'expected whole numbers from 0 to 2^64 - 1, got -1 at position 1; clip the values'],
    [
      'uint64',
      ['18446744073709551616', 0],
      'expected whole numbers from 0 to 2^64 - 1, got 18446744073709551616 at position 0; clip the values',
    ],
    [
      'int64',
      [0, '9223372036854775808'],
      'expected whole numbers from -2^63 to 2^63 - 1, got 9223372036854775808 at position 1; clip the values',
    ],
    [
      'int64',
      ['1e3', 0],
      'expected a number at position 0, got "1e3"; JSON has no NaN, so leave such samples out',
    ],
    [
      'string',
      ['a', 'ab\0cd'],
      'expected text without NUL and lone surrogates, got a NUL character in string 1; encode it, base64 for instance',
    ],
    [
      'string',
      ['a\ud83d', 'b'],
      'expected text without NUL and lone surrogates, got a lone surrogate in string 0; encode it, base64 for instance',
    ],
    ['bool', [true, 1], 'expected true or false at position 1, got 1; send one of them'],
    ['string', ['a', 1], 'expected a string at position 1, got 1; put it into quotes'],
  ])('refuses what %s does not hold', (type, data, text) => {
    expect(() => decodeJson(type, data)).toThrow(`input "a": ${text}`);
  });

  it.each<[string, TensorType, Uint8Array, string]>([
    [
      'a bool of 2',
      'bool',
      Uint8Array.of(1, 2),
      'expected bytes 0 and 1, got 2 at position 1; send 1 for true',
    ],
    [
      'a string longer than its tensor',
      'string',
      Uint8Array.of(9, 0, 0, 0, 65),
      'expected each string after its length in 4 bytes, got one that reaches beyond the end (string 0); correct the lengths or binary_data_size',
    ],
    [
      'half a length',
      'string',
      Uint8Array.of(1, 0, 0, 0, 65, 0),
      'expected each string after its length in 4 bytes, got one that reaches beyond the end (string 1); correct the lengths or binary_data_size',
    ],
    [
      'too few strings',
      'string',
      Uint8Array.of(1, 0, 0, 0, 65),
      'expected 2 strings, got 1; correct the shape or the data',
    ],
    [
      'too many strings',
      'string',
      new Uint8Array(12),
      'expected 2 strings, got more; correct the shape or the data',
    ],
    [
      'a string with a NUL',
      'string',
      Uint8Array.of(2, 0, 0, 0, 65, 0, 0, 0, 0, 0),
      'expected text without NUL and lone surrogates, got a NUL character in string 0; encode it, base64 for instance',
    ],
    [
      'a string that is not text',
      'string',
      Uint8Array.of(1, 0, 0, 0, 0xff, 0, 0, 0, 0),
      'expected UTF-8, got other bytes in string 0; encode them as text, base64 for instance',
    ],
  ])('refuses %s', (_what, type, bytes, text) => {
    expect(() => decodeBytes(type, bytes)).toThrow(`input "a": ${text}`);
  });
});

describe('tensor types over gRPC', () => {
  /** Numbers of `InferTensorContents`' fields. */
  const fields: Partial<Record<TensorType, number>> = {
    bool: 1,
    int8: 2,
    uint16: 4,
    uint64: 5,
    float64: 7,
    string: 8,
  };

  it.each(Object.keys(fields) as TensorType[])('reads %s from its contents, and from raw bytes', (type) => {
    const tensor = decodeJson(type, examples[type]);
    const values = examples[type] ?? [];
    const message = { modelName: 'm', modelVersion: '', id: '', parameters: {}, outputs: [] };
    const decode = (contents: GrpcContents | undefined, rawInputs: Uint8Array[]): ProtocolTensor => {
      const inputs = [{ name: 'a', datatype: datatypes[type], shape: [2], contents }];
      const request = decodeGrpcInferRequest({ ...message, inputs, rawInputs }, 100);
      return bindRequest(request, modelOf(type), 100).inputs.a;
    };
    expect(decode(new Map([[fields[type] ?? 0, values]]), [])).toEqual(tensor);
    expect(decode(undefined, [tensorBytes(tensor)])).toEqual(tensor);
  });
});
