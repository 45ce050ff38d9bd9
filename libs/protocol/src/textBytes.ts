import { DataError, ShapeError } from '@onda/contract';

/** Bytes of the length that stands before each string, little-endian. */
const LENGTH_BYTES = 4;

const decoder = new TextDecoder('utf-8', { fatal: true });
const encoder = new TextEncoder();

/**
 * The strings of a BYTES tensor as the binary tensor extension has them: each behind its length in bytes.
 *
 * @param count how many the shape has
 * @throws ShapeError if there are more or fewer; DataError for one that is no UTF-8
 */
export function textsFromBytes(bytes: Uint8Array, count: number, where: string): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts: string[] = [];
  let at = 0;
  while (at < bytes.byteLength) {
    if (texts.length === count) throw wrongCount(`more`, count, where);
    const left = bytes.byteLength - at - LENGTH_BYTES;
    const length = left < 0 ? Infinity : view.getUint32(at, true);
    if (length > left) {
      throw new ShapeError(
        `${where}: expected each string behind its length in 4 bytes, got one that reaches beyond the end (string ${texts.length}); correct the lengths or binary_data_size`,
      );
    }
    at += LENGTH_BYTES;
    texts.push(decoded(bytes.subarray(at, at + length), texts.length, where));
    at += length;
  }
  if (texts.length < count) throw wrongCount(String(texts.length), count, where);
  return texts;
}

function wrongCount(got: string, count: number, where: string): ShapeError {
  return new ShapeError(`${where}: expected ${count} strings, got ${got}; correct the shape or the data`);
}

/** @throws DataError for bytes that are no UTF-8, which ONNX Runtime's strings cannot carry here */
export function decoded(bytes: Uint8Array, index: number, where: string): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new DataError(
      `${where}: expected UTF-8, got other bytes in string ${index}; encode them as text, base64 for instance`,
    );
  }
}

/** The reverse of `textsFromBytes`. */
export function bytesOfTexts(texts: readonly string[]): Uint8Array {
  const parts = texts.map((text) => encoder.encode(text));
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + LENGTH_BYTES + part.byteLength, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const part of parts) {
    view.setUint32(at, part.byteLength, true);
    bytes.set(part, at + LENGTH_BYTES);
    at += LENGTH_BYTES + part.byteLength;
  }
  return bytes;
}
