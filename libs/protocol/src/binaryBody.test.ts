import { describe, expect, it } from 'vitest';
import { bindRequest } from './bindRequest.ts';
import type { BoundRequest } from './bindRequest.ts';
import { decodeInferRequest } from './inferRequest.ts';
import type { ModelTensors } from './modelTensors.ts';

const model: ModelTensors = {
  inputs: [
    { name: 'x', type: 'float32', shape: ['batch', 'time', 1] },
    { name: 'n', type: 'int64', shape: [2] },
  ],
  outputs: [{ name: 'y', type: 'float32', shape: ['batch', 'time', 1] }],
};
const MAX_VALUES = 1000;
const n = { name: 'n', shape: [2], datatype: 'INT64', data: [1, -2] };

/** JSON header and tensor bytes as the binary extension joins them. */
function join(document: unknown, ...parts: Uint8Array[]): { body: Uint8Array; headerLength: number } {
  const header = new TextEncoder().encode(JSON.stringify(document));
  const body = new Uint8Array([...header, ...parts.flatMap((part) => [...part])]);
  return { body, headerLength: header.length };
}

function bytesOf(data: Float32Array | BigInt64Array): Uint8Array {
  return new Uint8Array(data.buffer);
}

describe('decodeInferRequest, with binary tensors', () => {
  const binaryX = { name: 'x', shape: [1, 2, 1], datatype: 'FP32', parameters: { binary_data_size: 8 } };
  const bytes = bytesOf(Float32Array.of(1, 2));

  function decodeBinary(body: Uint8Array, headerLength: number): () => BoundRequest {
    return () => bindRequest(decodeInferRequest(body, headerLength, MAX_VALUES), model, MAX_VALUES);
  }

  it('decodes binary tensors in the order of the inputs', () => {
    const { body, headerLength } = join(
      {
        inputs: [
          { name: 'n', shape: [2], datatype: 'INT64', parameters: { binary_data_size: 16 } },
          { name: 'x', shape: [1, 2, 1], datatype: 'FP32', parameters: { binary_data_size: 8 } },
        ],
      },
      bytesOf(BigInt64Array.of(7n, -8n)),
      bytesOf(Float32Array.of(0.25, 3)),
    );
    const { inputs } = decodeBinary(body, headerLength)();
    expect(inputs.n.data).toEqual(BigInt64Array.of(7n, -8n));
    expect(inputs.x.data).toEqual(Float32Array.of(0.25, 3));
  });

  it('refuses a header longer than the body', () => {
    const { body } = join({ inputs: [n, binaryX] }, bytes);
    expect(decodeBinary(body, body.length + 1)).toThrow(
      `Inference-Header-Content-Length: expected at most the body's ${body.length} bytes, got ${body.length + 1}; correct it`,
    );
  });

  it('refuses more, fewer or left-over bytes', () => {
    const short = join({ inputs: [n, binaryX] }, bytes.slice(0, 4));
    expect(decodeBinary(short.body, short.headerLength)).toThrow(
      'input "x": expected a binary_data_size of at most the 4 bytes left in the body, got 8; correct it',
    );
    const other = join({ inputs: [n, { ...binaryX, parameters: { binary_data_size: 4 } }] }, bytes);
    expect(decodeBinary(other.body, other.headerLength)).toThrow(
      'input "x": expected 8 bytes for shape [1, 2, 1], got 4; correct the shape or binary_data_size',
    );
    const long = join({ inputs: [n, binaryX] }, bytes, bytes);
    expect(decodeBinary(long.body, long.headerLength)).toThrow(
      "the body: expected 8 bytes of tensors as the inputs' binary_data_size add up to, got 16; correct the sizes",
    );
  });

  it('refuses a size that is none', () => {
    for (const size of [-8, 1.5, '8']) {
      const { body, headerLength } = join(
        { inputs: [n, { ...binaryX, parameters: { binary_data_size: size } }] },
        bytes,
      );
      expect(decodeBinary(body, headerLength)).toThrow(
        'expected a binary_data_size of at most the 8 bytes left',
      );
    }
  });

  it('refuses data and bytes at once', () => {
    const { body, headerLength } = join({ inputs: [n, { ...binaryX, data: [1, 2] }] }, bytes);
    expect(decodeBinary(body, headerLength)).toThrow(
      'input "x": expected "data" or binary_data_size, got both; send one',
    );
  });

  it('refuses NaN', () => {
    const { body, headerLength } = join({ inputs: [n, binaryX] }, bytesOf(Float32Array.of(1, NaN)));
    expect(decodeBinary(body, headerLength)).toThrow(
      'input "x": expected finite numbers, got NaN at position 1; remove or replace it',
    );
  });
});
