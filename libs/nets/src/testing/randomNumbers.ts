/** Numbers from [-scale, scale), the same for the same seed (mulberry32). */
export function randomNumbers(seed: number): (count: number, scale?: number) => number[] {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return (count, scale = 1) => Array.from({ length: count }, () => (2 * next() - 1) * scale);
}

/** A uniform distribution for `Net.create`: draws from [low, high), the same sequence for the same seed. */
export function seededUniform(seed: number): (low: number, high: number) => number {
  const random = randomNumbers(seed);
  return (low, high) => low + ((random(1)[0] + 1) / 2) * (high - low);
}
