import { ShapeError, typedArrays } from '@onda/contract';
import type { TensorSpec } from '@onda/contract';
import type { InferRequest } from './inferFields.ts';
import type { ModelTensors } from './modelTensors.ts';
import { tensorFromBytes } from './tensorData.ts';
import { readShape } from './tensorShape.ts';

/**
 * Decodes a raw binary request of the binary tensor extension: no JSON part, the body is the one input of the model, little-endian, or
 * one string. The answer has all outputs as bytes.
 *
 * Its shape is the model's: of the dims that are not fixed, the last comes from the number of bytes, others are 1.
 *
 * @param maxValues the most values that one tensor may have
 * @throws ProtocolError, ShapeError, DataError
 */
export function decodeRawRequest(body: Uint8Array, model: ModelTensors, maxValues: number): InferRequest {
  const [spec] = model.inputs;
  if (model.inputs.length !== 1) {
    throw new ShapeError(
      `Inference-Header-Content-Length: expected the length of a JSON part, since the model takes ${model.inputs.map(({ name }) => name).join(' and ')}, got 0; name each input in JSON before its bytes`,
    );
  }
  const { dims, count } = readShape(rawShape(spec, body.byteLength), spec, maxValues);
  return {
    id: undefined,
    inputs: { [spec.name]: tensorFromBytes(textBehindLength(body, spec), spec, dims, count) },
    outputs: model.outputs.map(({ name }) => ({ name, binary: true })),
    sequence: undefined,
    rows: undefined,
    schedule: { priority: undefined, timeoutMs: undefined },
  };
}

function rawShape({ type, shape }: TensorSpec, bytes: number): number[] {
  const values = type === 'string' ? 1 : Math.floor(bytes / typedArrays[type].BYTES_PER_ELEMENT);
  const fixed = shape.reduce<number>((size, dim) => (typeof dim === 'number' ? size * dim : size), 1);
  const open = shape.findLastIndex((dim) => typeof dim === 'string');
  return shape.map((dim, axis) => {
    if (typeof dim === 'number') return dim;
    return axis === open ? Math.floor(values / fixed) : 1;
  });
}

/** A string as the extension has it elsewhere: behind its length. */
function textBehindLength(body: Uint8Array, { type }: TensorSpec): Uint8Array {
  if (type !== 'string') return body;
  const bytes = new Uint8Array(Uint32Array.BYTES_PER_ELEMENT + body.byteLength);
  new DataView(bytes.buffer).setUint32(0, body.byteLength, true);
  bytes.set(body, Uint32Array.BYTES_PER_ELEMENT);
  return bytes;
}
