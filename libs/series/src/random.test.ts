import { ConfigError } from '@onda/contract';
import { describe, expect, it } from 'vitest';
import { createRandom, shuffledIndices, streamSeed, xoshiro128 } from './random.ts';

describe(xoshiro128, () => {
  it('gives the numbers of the published C program from the state 1, 2, 3, 4', () => {
    const bits = xoshiro128(Uint32Array.of(1, 2, 3, 4));
    expect(Array.from({ length: 10 }, bits)).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ]);
  });
});

describe(createRandom, () => {
  it('returns the same numbers for the same seed in every version', () => {
    const random = createRandom(42);
    expect([random.next() * 2 ** 32, random.next() * 2 ** 32]).toEqual([2837322924, 544945897]);
    expect([random.normal(), random.normal(), random.normal()]).toEqual([
      -0.013506112711283054, 0.01095449078059174, 0.7639886990359411,
    ]);
    expect(random.int(1000)).toBe(93);
    expect(random.uniform(-1, 1)).toBe(-0.050785928033292294);
  });

  it.each([NaN, -1, 0.5, 2 ** 32, Infinity])('refuses the seed %d', (seed) => {
    const error = new ConfigError(
      `seed of the random numbers: expected a whole number from 0 to 4294967295, got ${seed}; correct it`,
    );
    expect(() => createRandom(seed)).toThrow(error);
    expect(() => streamSeed(seed, 0)).toThrow(error);
  });

  it('refuses a number of values that is none', () => {
    const random = createRandom(1);
    for (const n of [0, NaN, 1.5, 2 ** 33]) expect(() => random.int(n)).toThrow(ConfigError);
    expect(random.int(1)).toBe(0);
  });

  it('gives other numbers for another seed', () => {
    expect(createRandom(1).next()).not.toBe(createRandom(2).next());
  });

  it('gives evenly distributed uniform numbers in their range', () => {
    const random = createRandom(3);
    const draws = Array.from({ length: 20_000 }, () => random.uniform(-2, 6));
    expect(Math.min(...draws)).toBeGreaterThanOrEqual(-2);
    expect(Math.max(...draws)).toBeLessThan(6);
    expect(mean(draws)).toBeCloseTo(2, 1);
  });

  it('gives normal numbers with mean 0, variance 1 and the right tails', () => {
    const random = createRandom(4);
    const draws = Array.from({ length: 100_000 }, () => random.normal());
    // Their standard errors are 0.003, 0.0045 and 0.03: a wrong formula differs by far more than five of them.
    expect(Math.abs(mean(draws))).toBeLessThan(0.016);
    expect(Math.abs(mean(draws.map((x) => x ** 2)) - 1)).toBeLessThan(0.023);
    expect(Math.abs(mean(draws.map((x) => x ** 4)) - 3)).toBeLessThan(0.16);
  });

  it('gives each integer below n equally often', () => {
    const random = createRandom(5);
    const counts = [0, 0, 0];
    for (let draw = 0; draw < 30_000; draw++) counts[random.int(3)]++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);
  });
});

describe(streamSeed, () => {
  it('has independent streams for one seed and for two seeds', () => {
    const seeds = [streamSeed(0, 0), streamSeed(0, 1), streamSeed(1, 0), streamSeed(1, 1)];
    expect(new Set(seeds).size).toBe(4);
    expect(streamSeed(7, 3)).toBe(3270669908);
  });
});

describe(shuffledIndices, () => {
  it('has each index once, in an order that depends on the seed', () => {
    const order = shuffledIndices(50, createRandom(1));
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, index) => index));
    expect(order).not.toEqual(shuffledIndices(50, createRandom(2)));
    expect(order).toEqual(shuffledIndices(50, createRandom(1)));
  });
});

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
