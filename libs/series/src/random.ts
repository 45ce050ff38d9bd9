import { ConfigError } from '@onda/contract';

/** A random number generator with the same numbers on every machine for the same seed. */
export interface Random {
  /** A number in [0, 1): a multiple of 2 ** -32. */
  next(): number;
  /** A number in [low, high). */
  uniform(low: number, high: number): number;
  /** A number of the standard normal distribution. */
  normal(): number;
  /** An integer, uniform in [0, n); n from 1 to 2 ** 32. */
  int(n: number): number;
}

/**
 * Creates a generator: xoshiro128** (Blackman and Vigna, 2018), its state initialized from the seed by a 32-bit splitmix.
 *
 * It uses only operations that ECMAScript defines exactly, so that all engines give the same bits.
 *
 * @param seed an integer from 0 to 2 ** 32 - 1
 * @throws ConfigError for any other number
 */
export function createRandom(seed: number): Random {
  checkWord('seed', seed);
  return randomFrom(xoshiro128(splitmixState(seed)));
}

/**
 * Derives the seed of an independent stream, such as that of clip 17 of a data set.
 *
 * @param seed   an integer from 0 to 2 ** 32 - 1
 * @param stream an integer from 0 to 2 ** 32 - 1
 */
export function streamSeed(seed: number, stream: number): number {
  checkWord('seed', seed);
  checkWord('stream', stream);
  return mix(((mix((stream + golden) | 0) ^ seed) + golden) | 0);
}

function checkWord(name: string, value: number): void {
  if (value >>> 0 !== value) {
    throw new ConfigError(
      `${name} of the random numbers: expected a whole number from 0 to 4294967295, got ${value}; correct it`,
    );
  }
}

/**
 * The integers from 0 to n - 1 in random order (Fisher and Yates).
 */
export function shuffledIndices(n: number, random: Random): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, index) => index);
  for (let last = n - 1; last > 0; last--) {
    const other = random.int(last + 1);
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}

/** 2 ** 32 divided by the golden ratio: the step of splitmix. */
const golden = 0x9e3779b9;

/** The 32-bit finalizer of MurmurHash3. */
function mix(value: number): number {
  let z = value;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return (z ^ (z >>> 16)) >>> 0;
}

function splitmixState(seed: number): Uint32Array {
  // The inputs of the bijection differ, so at most one word is 0; xoshiro forbids only four zero words.
  return Uint32Array.from({ length: 4 }, (_, word) => mix((seed + Math.imul(golden, word + 1)) | 0));
}

/**
 * xoshiro128**.
 *
 * @param state four words, not all 0; modified by every call
 * @returns a function that returns the next 32 bits as an integer from 0 to 2 ** 32 - 1
 */
export function xoshiro128(state: Uint32Array): () => number {
  return () => {
    const result = Math.imul(rotateLeft(Math.imul(state[1], 5), 7), 9) >>> 0;
    const shifted = state[1] << 9;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotateLeft(state[3], 11);
    return result;
  };
}

const rotateLeft = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));

function randomFrom(bits: () => number): Random {
  let spare: number | undefined;
  const random: Random = {
    next: () => bits() / 2 ** 32,
    uniform: (low, high) => low + (high - low) * random.next(),
    normal: () => {
      // Marsaglia's polar method gives two numbers per pass.
      if (spare !== undefined) {
        const value = spare;
        spare = undefined;
        return value;
      }
      let u, v, square;
      do {
        u = random.uniform(-1, 1);
        v = random.uniform(-1, 1);
        square = u * u + v * v;
      } while (square >= 1 || square === 0);
      const factor = Math.sqrt((-2 * logarithm(square)) / square);
      spare = v * factor;
      return u * factor;
    },
    int: (n) => {
      if (!Number.isInteger(n) || n < 1 || n > 2 ** 32) {
        throw new ConfigError(
          `random integer: expected a whole number of values from 1 to 2 ** 32, got ${n}; correct it`,
        );
      }
      // Rejection sampling: draws from the last, incomplete range of n values would favour small results.
      const limit = 2 ** 32 - (2 ** 32 % n);
      let draw = bits();
      while (draw >= limit) draw = bits();
      return draw % n;
    },
  };
  return random;
}

/**
 * Natural logarithm of a number in (0, 1], to about 1e-15, by operations that IEEE 754 defines exactly: the last bit of `Math.log`
 * differs between engines.
 */
function logarithm(value: number): number {
  let mantissa = value;
  let halvings = 0;
  while (mantissa < 0.75) {
    mantissa *= 2;
    halvings++;
  }
  // log(m) = 2 atanh((m - 1) / (m + 1)); the quotient is at most 1/5, so 12 terms are sufficient.
  const quotient = (mantissa - 1) / (mantissa + 1);
  let sum = 0;
  for (let power = 23; power >= 1; power -= 2) sum = sum * quotient * quotient + 1 / power;
  return 2 * quotient * sum - halvings * Math.LN2;
}
