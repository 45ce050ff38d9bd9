import { ModelError } from '@onda/contract';
import type { Attribute, ElementType } from '../graph.ts';

/** AttributeProto.AttributeType of each kind. */
export const attributeCodes = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
} as const satisfies Record<Attribute['kind'], number>;

/** TensorProto.DataType of each element type. */
export const elementCodes = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
} as const satisfies Record<ElementType, number>;

const typeOfCode = new Map<number, ElementType>(
  (Object.keys(elementCodes) as ElementType[]).map((type) => [elementCodes[type], type]),
);

/** The element type of a TensorProto.DataType; undefined for unsupported ones (string, complex, ...). */
export function elementTypeOf(code: number): ElementType | undefined {
  return typeOfCode.get(code);
}

/**
 * A 64-bit integer from protobufjs: an object if the package `long` is installed, else a number. onnx-proto's types refer to
 * a class that only `long` declares.
 */
type WireInteger = number | { readonly low: number; readonly high: number; readonly unsigned: boolean };

export function bigInteger(wire: unknown): bigint {
  const value = wire as WireInteger;
  if (typeof value === 'number') return BigInt(value);
  const bits = (BigInt(value.high) << 32n) | BigInt(value.low >>> 0);
  return value.unsigned ? BigInt.asUintN(64, bits) : bits;
}

/**
 * A 64-bit integer as a number; 0 if missing.
 *
 * @throws ModelError beyond +-2^53
 */
export function integerOf(wire: unknown, where: string): number {
  const number = wire === null || wire === undefined ? 0 : Number(bigInteger(wire));
  if (Number.isSafeInteger(number)) return number;
  throw new ModelError(
    `model file: ${where}: expected a whole number within +-2^53, got ${number}; larger ones are not supported`,
  );
}

/** Whether this machine is little-endian, as ONNX's raw data is. */
export const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** A copy of `bytes` with each element's bytes reversed. */
export function swapBytes(bytes: Uint8Array, elementBytes: number): Uint8Array {
  const turned = bytes.slice();
  for (let start = 0; start < turned.length; start += elementBytes) {
    turned.subarray(start, start + elementBytes).reverse();
  }
  return turned;
}

/** The bytes of a message in pieces, so that large data is copied only once, into the file. */
export type Parts = readonly Uint8Array[];

/** A length-delimited field: tag, length, bytes. */
export function lengthPrefixed(field: number, parts: Parts): Parts {
  return [Uint8Array.from([...varint(field * 8 + 2), ...varint(sizeOf(parts))]), ...parts];
}

/** Concatenates pieces into a new array. */
export function joinParts(parts: Parts): Uint8Array {
  const whole = new Uint8Array(sizeOf(parts));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Total length of the pieces. */
export function sizeOf(parts: Parts): number {
  return parts.reduce((size, { length }) => size + length, 0);
}

/** A protobuf varint. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) + 128);
  return [...bytes, left];
}
