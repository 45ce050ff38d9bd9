import { inferenceService } from '../../src/grpc/protoServices.ts';
import { bytesOf, grpcRequest } from './grpcClient.ts';

export const { ModelInfer, ModelStreamInfer } = inferenceService;

/** A message as gRPC sends it. */
export function framed(bytes: Uint8Array, compressed = 0): Buffer {
  const head = Buffer.alloc(5);
  head[0] = compressed;
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** A `ModelInferRequest` of one row that brings its state along. */
export function stateless(values: readonly number[]): Buffer {
  const inputs = [
    { name: 'x', datatype: 'FP32', shape: [1, values.length, 1] },
    { name: 'state_in', datatype: 'FP32', shape: [1, 32] },
  ];
  return ModelInfer.requestSerialize(
    grpcRequest([], { inputs, raw_input_contents: [bytesOf(values), Buffer.alloc(128)] }),
  );
}

/** The fields that a call begins with. */
export function callFields(path: string, ...more: [string, string][]): [string, string][] {
  return [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', path],
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
    ...more,
  ];
}

/** A header block that is far larger than its bytes: one field of 4,000 bytes, and its index `count` times. */
export function repeatedField(count: number): Buffer {
  const field = Buffer.concat([Buffer.of(0x40, 1, 0x61, 0x7f, 0xa1, 0x1e), Buffer.alloc(4000, 'v')]);
  return Buffer.concat([field, Buffer.alloc(count, 0xbe)]);
}
