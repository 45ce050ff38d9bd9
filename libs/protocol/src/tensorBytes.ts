import type { ProtocolTensor } from './datatypes.ts';
import { bytesOfTexts } from './textBytes.ts';

/** A tensor's values as bytes, little-endian; numbers are a view, nothing is copied. */
export function tensorBytes({ data }: ProtocolTensor): Uint8Array {
  return Array.isArray(data)
    ? bytesOfTexts(data)
    : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
