import type { Random } from '@onda/series';

/** A copy of bytes with a few changed, removed, duplicated or inserted. */
export function mutateBytes(bytes: Uint8Array, random: Random): Buffer {
  let copy = Buffer.from(bytes);
  for (let left = 1 + random.int(4); left > 0; left--) {
    const at = random.int(copy.length + 1);
    const act = random.int(5);
    if (act === 0 && at < copy.length) copy[at] = random.int(256);
    else if (act === 1 && at < copy.length) copy[at] ^= 1 << random.int(8);
    else if (act === 2) copy = copy.subarray(0, at);
    else if (act === 3) copy = Buffer.concat([copy.subarray(0, at), copy.subarray(random.int(at + 1))]);
    else copy = Buffer.concat([copy.subarray(0, at), randomBytes(random, random.int(16)), copy.subarray(at)]);
  }
  return copy;
}

export function randomBytes(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.int(256)));
}
