import { ModelError } from '@onda/contract';

/** A 64-bit integer as protobufjs gives it: an object where the package `long` is there, else a number. */
export type WireInteger = number | { readonly low: number; readonly high: number; readonly unsigned: boolean };

export function bigInteger(value: WireInteger): bigint {
  if (typeof value === 'number') return BigInt(value);
  const bits = (BigInt(value.high) << 32n) | BigInt(value.low >>> 0);
  return value.unsigned ? BigInt.asUintN(64, bits) : bits;
}

/**
 * A 64-bit integer as a number; 0 when it was left out.
 *
 * @throws ModelError beyond +-2^53
 */
export function integerOf(value: WireInteger | null | undefined, where: string): number {
  const number = value === null || value === undefined ? 0 : Number(bigInteger(value));
  if (Number.isSafeInteger(number)) return number;
  throw new ModelError(
    `model file: ${where}: expected a whole number within +-2^53, got ${number}; larger ones are not supported`,
  );
}
