import { DataError, ShapeError, typedArrays } from '@onda/contract';
import type { TensorType } from '@onda/contract';
import type { ProtocolTensor } from './datatypes.ts';

/**
 * A tensor from the bytes after the JSON header (binary tensor extension): little-endian, row-major; each string
 * follows its length.
 *
 * The bytes are copied, since a view needs an aligned offset.
 *
 * @param bytes of this tensor only
 * @param count the product of `dims`
 * @throws ShapeError, DataError
 */
export function tensorFromBytes(
  bytes: Uint8Array,
  type: TensorType,
  dims: readonly number[],
  count: number,
  where: string,
): ProtocolTensor {
  if (type === 'string') return { type, dims, data: textsFromBytes(bytes, count, where) };
  const list = typedArrays[type];
  const expected = count * list.BYTES_PER_ELEMENT;
  if (bytes.byteLength !== expected) {
    throw new ShapeError(
      `${where}: expected ${expected} bytes for shape [${dims.join(', ')}], got ${bytes.byteLength}; correct the shape or binary_data_size`,
    );
  }
  const copy = new ArrayBuffer(expected);
  new Uint8Array(copy).set(bytes);
  const tensor = { type, dims, data: new list(copy) } as ProtocolTensor;
  checkBytes(tensor, where);
  return tensor;
}

/** Rejects bytes that are not a value of the type. */
function checkBytes({ type, data }: ProtocolTensor, where: string): void {
  if (type !== 'bool') return;
  const bad = data.findIndex((value) => value > 1);
  if (bad < 0) return;
  throw new DataError(
    `${where}: expected bytes 0 and 1, got ${data[bad]} at position ${bad}; send 1 for true`,
  );
}

/**
 * Rejects NaN and infinities, which would stay in the state of a net.
 *
 * @throws DataError
 */
export function checkFinite({ type, data }: ProtocolTensor, where: string): void {
  if (type === 'float32' || type === 'float64') {
    // A loop: most requests pass here.
    for (let index = 0; index < data.length; index++) {
      if (!Number.isFinite(data[index])) throw notFinite(String(data[index]), index, where);
    }
  } else if (type === 'float16') {
    const bad = data.findIndex((bits) => (bits & HALF_EXPONENT) === HALF_EXPONENT);
    if (bad >= 0) throw notFinite('NaN or an infinity', bad, where);
  }
}

/** All exponent bits of a float16: set only in NaN and the infinities. */
const HALF_EXPONENT = 0x7c00;

function notFinite(value: string, index: number, where: string): DataError {
  return new DataError(
    `${where}: expected finite numbers, got ${value} at position ${index}; remove or replace it`,
  );
}

/** A tensor's values as bytes, little-endian; numbers are a view, nothing is copied. */
export function tensorBytes({ data }: ProtocolTensor): Uint8Array {
  return Array.isArray(data)
    ? bytesOfTexts(data)
    : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Bytes of the length before each string, little-endian. */
const LENGTH_BYTES = 4;

/** A byte order mark is a character of a text like any other. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/**
 * The strings of a BYTES tensor as the binary tensor extension has them: each prefixed with its length in bytes.
 *
 * @param count number of values of the shape
 * @throws ShapeError if there are more or fewer; DataError for one that is not UTF-8
 */
function textsFromBytes(bytes: Uint8Array, count: number, where: string): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts: string[] = [];
  let at = 0;
  while (at < bytes.byteLength) {
    if (texts.length === count) throw wrongCount(`more`, count, where);
    const left = bytes.byteLength - at - LENGTH_BYTES;
    const length = left < 0 ? Infinity : view.getUint32(at, true);
    if (length > left) {
      throw new ShapeError(
        `${where}: expected each string after its length in 4 bytes, got one that reaches beyond the end (string ${texts.length}); correct the lengths or binary_data_size`,
      );
    }
    at += LENGTH_BYTES;
    texts.push(
      checkText(decodeText(bytes.subarray(at, at + length), texts.length, where), texts.length, where),
    );
    at += length;
  }
  if (texts.length < count) throw wrongCount(String(texts.length), count, where);
  return texts;
}

function wrongCount(got: string, count: number, where: string): ShapeError {
  return new ShapeError(`${where}: expected ${count} strings, got ${got}; correct the shape or the data`);
}

/** @throws DataError for bytes that are not UTF-8 */
function decodeText(bytes: Uint8Array, index: number, where: string): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw notUtf8(index, where);
  }
}

export function notUtf8(index: number, where: string): DataError {
  return new DataError(
    `${where}: expected UTF-8, got other bytes in string ${index}; encode them as text, base64 for instance`,
  );
}

/** A character that a string tensor cannot hold: ONNX Runtime's strings end at NUL, and a lone surrogate has no UTF-8. */
const unrepresentable = /\0|\p{Cs}/u;

/** @throws DataError for a string that the model would see changed */
export function checkText(text: string, index: number, where: string): string {
  const found = unrepresentable.exec(text);
  if (found === null) return text;
  const what = found[0] === '\0' ? 'a NUL character' : 'a lone surrogate';
  throw new DataError(
    `${where}: expected text without NUL and lone surrogates, got ${what} in string ${index}; encode it, base64 for instance`,
  );
}

/** The reverse of `textsFromBytes`. */
function bytesOfTexts(texts: readonly string[]): Uint8Array {
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
