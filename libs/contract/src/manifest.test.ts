import { describe, expect, it } from 'vitest';
import { ModelError } from './errors.ts';
import type { Manifest } from './manifest.ts';
import {
  canonicalJson,
  isNetManifest,
  manifestIdentity,
  parseManifest,
  parseNetManifest,
} from './manifest.ts';

describe(canonicalJson, () => {
  it('gives the same text for any order of keys and keeps the order of arrays', () => {
    expect(canonicalJson({ b: [2, 1], a: { d: 1, c: null } })).toBe('{"a":{"c":null,"d":1},"b":[2,1]}');
  });
});

const row = { layer: 'lstm', kind: 'h', offset: 0, size: 4 } as const;
const separate: Manifest['state'] = {
  packing: 'separate',
  size: 4,
  rows: [{ ...row, input: 'state_in_00_h', output: 'state_out_00_h' }],
};

function manifest(changes: Partial<Manifest> = {}): Manifest {
  return {
    format: 1,
    name: 'words',
    version: 1,
    net: { cell: 'rnn', units: 4, layers: 1, features: 1, outputs: 1 },
    tensors: { model: { inputs: [], outputs: [] }, generator: null },
    state: { size: 4, rows: [row] },
    lag: 1,
    scaler: { kind: 'none', center: [], scale: [] },
    sampling: null,
    training: null,
    files: {},
    parity: [],
    created: '2026-11-23T00:00:00Z',
    ...changes,
  };
}

describe(parseManifest, () => {
  it.each([
    ['another model without state', { net: null, state: null }],
    ['another model with one state row', { net: null }],
    ['separate states', { state: separate }],
    ['weights in fewer bits', { precision: 'float16' as const }],
  ])('takes %s', (_what, changes) => {
    expect(parseManifest(manifest(changes), 'onda.json')).toEqual(manifest(changes));
  });

  it('rejects separate states that do not name their tensors', () => {
    const value = { ...manifest(), state: { packing: 'separate', size: 4, rows: [row] } };
    expect(() => parseManifest(value, 'onda.json')).toThrow(ModelError);
  });
});

describe(manifestIdentity, () => {
  it('is unchanged for a manifest without the newer keys', () => {
    expect(manifestIdentity(manifest())).not.toContain('precision');
  });
});

describe(isNetManifest, () => {
  it('distinguishes Onda nets with one state row from all others', () => {
    expect(isNetManifest(manifest())).toBe(true);
    expect(isNetManifest(manifest({ net: null }))).toBe(false);
    expect(isNetManifest(manifest({ state: separate }))).toBe(false);
  });
});

describe(parseNetManifest, () => {
  it.each([
    [{ net: null }, 'another layers model'],
    [{ state: separate }, 'one with separate states'],
  ])('rejects %o in one sentence', (changes, got) => {
    expect(() => parseNetManifest(manifest(changes), 'onda.json')).toThrow(
      new ModelError(
        `onda.json: expected an Onda net with packed states, got ${got}; export a net trained by Onda, without --states separate`,
      ),
    );
  });
});
