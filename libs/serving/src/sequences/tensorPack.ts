import { DataError, isTensorType, typedArrays } from '@onda/contract';
import type { RuntimeTensor } from '@onda/runtime';
import type { Tensors } from './sequenceStore.ts';

/** Header of one tensor; strings are part of it. */
interface Head {
  name: string;
  type: string;
  dims: readonly number[];
  text?: readonly string[];
}

const SIZE_BYTES = 4;
/** Values are aligned to this many bytes. */
const ALIGN = 8;

/** Tensors as bytes: a JSON head, then the values of each, little-endian. */
export function packTensors(tensors: Tensors): Uint8Array {
  const heads: Head[] = [];
  const parts: Uint8Array[] = [];
  for (const [name, tensor] of Object.entries(tensors)) {
    const { type, dims } = tensor;
    if (tensor.type === 'string') {
      heads.push({ name, type, dims, text: tensor.data });
    } else {
      heads.push({ name, type, dims });
      const { buffer, byteOffset, byteLength } = tensor.data;
      parts.push(new Uint8Array(buffer, byteOffset, byteLength));
    }
  }
  const json = new TextEncoder().encode(JSON.stringify(heads));
  const start = aligned(SIZE_BYTES + json.length);
  const bytes = new Uint8Array(parts.reduce((end, part) => end + aligned(part.length), start));
  new DataView(bytes.buffer).setUint32(0, json.length, true);
  bytes.set(json, SIZE_BYTES);
  let at = start;
  for (const part of parts) {
    bytes.set(part, at);
    at += aligned(part.length);
  }
  return bytes;
}

/** @throws DataError for bytes that `packTensors` did not write */
export function unpackTensors(packed: Uint8Array): Tensors {
  // Copied, since views need aligned offsets.
  const bytes = Uint8Array.from(packed);
  try {
    const size = new DataView(bytes.buffer).getUint32(0, true);
    const head = new TextDecoder().decode(bytes.subarray(SIZE_BYTES, SIZE_BYTES + size));
    const tensors: Record<string, RuntimeTensor> = {};
    let at = aligned(SIZE_BYTES + size);
    for (const { name, type, dims, text } of JSON.parse(head) as readonly Head[]) {
      if (!isTensorType(type)) throw new TypeError(`unknown type ${type}`);
      if (type === 'string') {
        tensors[name] = { type, dims, data: [...(text ?? [])] };
        continue;
      }
      const count = dims.reduce((product, dim) => product * dim, 1);
      const data = new typedArrays[type](bytes.buffer, at, count);
      tensors[name] = { type, dims, data } as unknown as RuntimeTensor;
      at += aligned(data.byteLength);
    }
    return tensors;
  } catch (cause) {
    throw new DataError(
      'packed tensors: expected the output of packTensors, got other bytes; start the sequence again',
      {
        cause,
      },
    );
  }
}

function aligned(size: number): number {
  return Math.ceil(size / ALIGN) * ALIGN;
}
