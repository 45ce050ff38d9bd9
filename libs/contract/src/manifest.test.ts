import { describe, expect, it } from 'vitest';
import { canonicalJson } from './manifest.ts';

describe(canonicalJson, () => {
  it('gives the same text whatever the order of keys, and keeps the order of arrays', () => {
    expect(canonicalJson({ b: [2, 1], a: { d: 1, c: null } })).toBe('{"a":{"c":null,"d":1},"b":[2,1]}');
  });
});
