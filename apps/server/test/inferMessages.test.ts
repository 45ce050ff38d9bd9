import {
  decodeInferMessage,
  encodeInferMessage,
  encodeStreamAnswer,
  encodeStreamError,
  WireError,
} from '@onda/protocol';
import type { GrpcInferRequest, InferResponse, WireMessage } from '@onda/protocol';
import { createRandom } from '@onda/series';
import type { Random } from '@onda/series';
import { describe, expect, it } from 'vitest';
import { mutateBytes } from './fuzz/mutateBytes.ts';
import { ModelInfer, ModelStreamInfer } from './support/grpcWire.ts';
import { maybePeerRequest, peerRequest, peerResponse } from './support/peerMessages.ts';

/** Values of one tensor in `contents`. */
const MAX_VALUES = 100;

const decodeMessage = (bytes: Uint8Array): GrpcInferRequest => decodeInferMessage(bytes, MAX_VALUES);

/** Buffers are arrays of bytes too. */
function plain(request: GrpcInferRequest): GrpcInferRequest {
  return {
    ...request,
    parameters: { ...request.parameters },
    rawInputs: request.rawInputs.map((raw) => Uint8Array.from(raw)),
  };
}

const texts = [
  '',
  'x',
  'lagged-sine',
  'FP32',
  'é',
  '日本語',
  '😀',
  'a'.repeat(200),
  '__proto_',
  'constructor',
];
const numbers = [
  '0',
  '1',
  '-1',
  '127',
  '128',
  '-9223372036854775808',
  '9223372036854775807',
  '4294967296',
  '20',
];
const pick = <Value>(random: Random, values: readonly Value[]): Value => values[random.int(values.length)];
const many = <Value>(random: Random, most: number, make: () => Value): Value[] =>
  Array.from({ length: random.int(most + 1) }, make);
const bytes = (random: Random): Buffer => Buffer.from(many(random, 40, () => random.int(256)));

function parameters(random: Random): Record<string, object> {
  const choices = [
    {},
    { bool_param: random.int(2) === 1 },
    { int64_param: pick(random, numbers) },
    { string_param: pick(random, texts) },
    { double_param: random.next() * 1e9 },
    { uint64_param: pick(random, numbers).replace('-', '') },
  ];
  return Object.fromEntries(many(random, 4, () => [pick(random, texts), pick(random, choices)]));
}

function contents(random: Random): object {
  const integer = (): number => random.int(1000) - 500;
  const lists: Record<string, () => unknown> = {
    bool_contents: () => random.int(2) === 1,
    int_contents: integer,
    int64_contents: () => pick(random, numbers),
    uint_contents: () => random.int(2 ** 31) * 2,
    uint64_contents: () => pick(random, numbers).replace('-', ''),
    fp32_contents: () => Math.fround(random.next()),
    fp64_contents: () => random.next(),
    bytes_contents: () => bytes(random),
  };
  const chosen = many(random, 3, () => pick(random, Object.entries(lists)));
  return Object.fromEntries(chosen.map(([field, make]) => [field, many(random, 5, make)]));
}

function message(random: Random): Buffer {
  const named = (): object => ({ name: pick(random, texts), parameters: parameters(random) });
  const input = (): object => ({
    ...named(),
    datatype: pick(random, texts),
    shape: many(random, 4, () => pick(random, numbers)),
    ...(random.int(2) === 0 ? { contents: contents(random) } : {}),
  });
  return ModelInfer.requestSerialize({
    model_name: pick(random, texts),
    model_version: pick(random, texts),
    id: pick(random, texts),
    parameters: parameters(random),
    inputs: many(random, 3, input),
    outputs: many(random, 3, named),
    raw_input_contents: many(random, 3, () => bytes(random)),
  });
}

describe(decodeInferMessage, () => {
  it('reads what protobufjs writes, as protobufjs does', () => {
    const random = createRandom(1);
    for (let round = 0; round < 1000; round++) {
      const bytes = message(random);
      expect(plain(decodeMessage(bytes))).toEqual(peerRequest(bytes));
    }
  });

  it('reads odd bytes as protobufjs does, or not at all', () => {
    const random = createRandom(2);
    let accepted = 0;
    for (let round = 0; round < 3000; round++) {
      const odd = mutateBytes(message(random), random);
      let ours: GrpcInferRequest;
      try {
        ours = decodeMessage(odd);
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
        continue;
      }
      const theirs = maybePeerRequest(odd);
      if (theirs === undefined) continue;
      accepted++;
      expect(plain(ours)).toEqual(theirs);
    }
    expect(accepted).toBeGreaterThan(200);
  });

  it.each<[name: string, hex: string, error: string]>([
    ['a field without a number', '00', 'a field without a number'],
    ['a field of another type', '08 01', 'field 1 of another type'],
    ['a list of another type', '2a 02 1d 00', 'field 3 of another type'],
    ['a group', '43 44', 'field 8 of a type that proto3 does not have'],
    ['an end within a field', '0a 05 61', 'it ends within a field'],
    ['a length beyond 2^32', '0a ff ff ff ff 7f', 'it ends within a field'],
    ['a length of more than 32 bits', '0a ff ff ff ff ff 01', 'a number of more bits than its field has'],
    ['a number of more than 64 bits', '48 ff ff ff ff ff ff ff ff ff ff 01', 'a number of more than 64 bits'],
    ['text that is not UTF-8', '0a 01 ff', 'text that is not UTF-8'],
    [
      'a name that is not a property',
      '22 0b 0a 09 5f 5f 70 72 6f 74 6f 5f 5f',
      'a parameter named __proto__',
    ],
    ['contents twice', '2a 04 2a 00 2a 00', 'contents twice'],
    ['too many raw contents', '3a00'.repeat(1025), 'more than 1024 fields'],
    ['too many inputs', '2a00'.repeat(1025), 'more than 1024 fields'],
    ['too many outputs', '3200'.repeat(1025), 'more than 1024 fields'],
    ['too many parameters', '2200'.repeat(1025), 'more than 1024 fields'],
    ['too many ids', '1a00'.repeat(1025), 'more than 1024 fields'],
    ['too many parameters of an input', `2a8210${'2200'.repeat(1025)}`, 'more than 1024 parameters'],
    ['too many parameters of an output', `328210${'1200'.repeat(1025)}`, 'more than 1024 parameters'],
    ['too many dims', `2a8201${'1801'.repeat(65)}`, 'more than 64 dims'],
    ['too many packed dims', `2a431a41${'01'.repeat(65)}`, 'more than 64 dims'],
    ['too many values', `2acd012aca01${'4200'.repeat(101)}`, 'more than 100 values in contents'],
    ['too many packed values', `2a692a670a65${'01'.repeat(101)}`, 'more than 100 values in contents'],
  ])('refuses %s', (_name, hex, error) => {
    expect(() => decodeMessage(Buffer.from(hex.replaceAll(' ', ''), 'hex'))).toThrow(error);
  });

  it('skips unknown fields', () => {
    const bytes = Buffer.from('4001 4901020304050607084a0161 4d01020304 0a016d'.replaceAll(' ', ''), 'hex');
    expect(decodeMessage(bytes).modelName).toBe('m');
  });
});

function written(wire: WireMessage): Buffer {
  const target = Buffer.alloc(wire.size + 2, 0xee);
  wire.write(target, 1);
  expect([target[0], target[wire.size + 1]]).toEqual([0xee, 0xee]);
  return target.subarray(1, -1);
}

function response(random: Random): InferResponse {
  const output = (): InferResponse['outputs'][number] => {
    const dims = many(random, 3, () => pick(random, [0, 1, 127, 128, 300, 2 ** 31, 2 ** 40]));
    const data = Float32Array.from(many(random, 5, () => random.next()));
    return { name: pick(random, texts), binary: false, tensor: { type: 'float32', dims, data } };
  };
  const kinds = [true, false, 0, -1, 5, 2 ** 40, -(2 ** 40), 'text', '', undefined];
  return {
    modelName: pick(random, texts),
    modelVersion: pick(random, texts),
    id: pick(random, [undefined, 'a', 'é']),
    parameters: Object.fromEntries(many(random, 4, () => [pick(random, texts), pick(random, kinds)])),
    outputs: many(random, 3, output),
  };
}

describe(encodeInferMessage, () => {
  it('writes what protobufjs reads, in the place it is given', () => {
    const random = createRandom(3);
    for (let round = 0; round < 1000; round++) {
      const answer = response(random);
      const peer = peerResponse(answer);
      expect(ModelInfer.responseDeserialize(written(encodeInferMessage(answer)))).toEqual(peer);
      expect(ModelStreamInfer.responseDeserialize(written(encodeStreamAnswer(answer)))).toEqual({
        error_message: '',
        infer_response: peer,
      });
    }
  });

  it('identifies the failed request of a stream', () => {
    const failed = encodeStreamError({ modelName: 'm', modelVersion: '', id: '7' }, 'no such thing');
    expect(ModelStreamInfer.responseDeserialize(written(failed))).toMatchObject({
      error_message: 'no such thing',
      infer_response: { model_name: 'm', model_version: '', id: '7' },
    });
  });
});
