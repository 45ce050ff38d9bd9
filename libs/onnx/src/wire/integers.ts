import { ModelError } from '@onda/contract';

/**
 * A 64-bit integer as protobufjs gives it: an object where the package `long` is there, else a number. onnx-proto's own types name
 * a class that only `long` would declare.
 */
type WireInteger = number | { readonly low: number; readonly high: number; readonly unsigned: boolean };

export function bigInteger(wire: unknown): bigint {
  const value = wire as WireInteger;
  if (typeof value === 'number') return BigInt(value);
  const bits = (BigInt(value.high) << 32n) | BigInt(value.low >>> 0);
  return value.unsigned ? BigInt.asUintN(64, bits) : bits;
}

/**
 * A 64-bit integer as a number; 0 when it was left out.
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
