import { DataError, ShapeError } from '@onda/contract';
import type { ProtocolTensor } from './datatypes.ts';
import { describeValue } from './jsonBody.ts';
import { floats, readNested } from './numbers.ts';

type FloatTensor = Extract<ProtocolTensor, { type: 'float32' }>;

/**
 * Reads `seed`: a whole number, or the digits of one of 64 bits, which JSON's numbers need not carry.
 *
 * @param draws whether the model draws at all
 * @throws DataError
 */
export function readSeed(value: unknown, draws: boolean): bigint | undefined {
  if (value === undefined) return undefined;
  const isDigits = typeof value === 'string' && /^-?\d{1,19}$/.test(value);
  const seed = isDigits || Number.isSafeInteger(value) ? BigInt(value as string | number) : undefined;
  if (seed === undefined || BigInt.asIntN(64, seed) !== seed) {
    throw new DataError(
      `seed: expected a whole number up to 2^53 - 1, or one of 64 bits in quotes, got ${describeValue(value)}; correct it`,
    );
  }
  if (!draws) {
    throw new DataError(
      `seed: expected none, since the model draws nothing, got ${describeValue(value)}; leave it out`,
    );
  }
  return seed;
}

/**
 * Reads `noise`: the draws themselves, for a model that takes them.
 *
 * @param several whether the prompt was nested for several sequences
 * @returns [batch, samples, width]
 * @throws ShapeError, DataError
 */
export function readNoise(
  value: unknown,
  several: boolean,
  [batch, samples]: readonly [batch: number, samples: number],
  draws: { readonly kind: 'seed' } | { readonly kind: 'noise'; readonly width: number } | null,
): FloatTensor | undefined {
  if (value === undefined) return undefined;
  if (draws?.kind !== 'noise') {
    throw new DataError(
      `noise: expected none, since the model ${draws === null ? 'draws nothing' : 'draws from a seed'}, got ${describeValue(value)}; leave it out`,
    );
  }
  const { dims, rows } = readNested(value, 'noise');
  const expected = [...(several ? [batch] : []), samples, draws.width];
  if (dims.length !== expected.length || dims.some((dim, axis) => dim !== expected[axis])) {
    throw new ShapeError(
      `noise: expected numbers nested as [${expected.join('][')}], got [${dims.join('][')}]; give each sample its draws`,
    );
  }
  const count = batch * samples * draws.width;
  return { type: 'float32', dims: [batch, samples, draws.width], data: floats(rows, count, 'noise') };
}
