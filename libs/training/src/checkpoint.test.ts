import { describe, expect, it } from 'vitest';
import { ModelError } from '@onda/contract';
import type { Checkpoint } from './checkpoint.ts';
import { crc32, decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';

const checkpoint: Checkpoint = {
  step: 3,
  losses: Float32Array.of(3, 2, 1),
  weights: [Float32Array.of(7, 8), Float32Array.of(9)],
  optimizer: { kind: 'adam', step: 3, slots: Float32Array.of(1, 2, 3, 4) },
  average: [Float32Array.of(0.7, 0.8), Float32Array.of(0.9)],
  validations: [
    { step: 1, loss: 4 },
    { step: 2, loss: 3 },
  ],
  best: { step: 2, loss: 3, weights: [Float32Array.of(70, 80), Float32Array.of(90)] },
  plateau: { factor: 0.5, least: 3, waited: 1 },
  carry: { batch: 2, values: Float32Array.of(0.1, 0.2, 0.3, 0.4) },
  elapsedMs: 12.5,
};
const meta = { name: 'a' };
const bytes = encodeCheckpoint(checkpoint, meta);

describe(encodeCheckpoint, () => {
  it('is restored unchanged', () => {
    expect(decodeCheckpoint(bytes, 'c')).toEqual({ checkpoint, meta });
  });

  it('is restored from the middle of a larger buffer', () => {
    const larger = new Uint8Array(bytes.length + 7);
    larger.set(bytes, 3);
    expect(decodeCheckpoint(larger.subarray(3, 3 + bytes.length), 'c')).toEqual({ checkpoint, meta });
  });

  it('is restored from bytes whose slice is a view, as with Buffer', () => {
    class Bytes extends Uint8Array {
      override slice(start?: number, end?: number): Uint8Array<ArrayBuffer> {
        return new Uint8Array(this.buffer).subarray(start, end);
      }
    }
    expect(decodeCheckpoint(new Bytes(bytes), 'c')).toEqual({ checkpoint, meta });
  });

  it('keeps what is missing', () => {
    const none = { ...checkpoint, carry: null, average: null, best: null, plateau: null, validations: [] };
    expect(decodeCheckpoint(encodeCheckpoint(none), 'c')).toEqual({ checkpoint: none, meta: null });
  });

  it('gives the same bytes for the same checkpoint', () => {
    expect(encodeCheckpoint(checkpoint, meta)).toEqual(bytes);
  });
});

describe(decodeCheckpoint, () => {
  const changed = (at: number): Uint8Array => bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));

  it.each([
    [
      'nothing',
      new Uint8Array(0),
      'c: expected a checkpoint of Onda, got other bytes; pass a checkpoint that fit wrote',
    ],
    [
      'another file',
      new TextEncoder().encode('{"model": 1, "and": "more"}'),
      'c: expected a checkpoint of Onda, got other bytes; pass a checkpoint that fit wrote',
    ],
    [
      'another format',
      changed(8),
      'c: expected checkpoint format 2, got 3; use the version of Onda that wrote it',
    ],
    [
      'a file cut off',
      bytes.subarray(0, 100),
      `c: expected ${bytes.length} bytes, got 100; the checkpoint is truncated or has trailing bytes: remove the file to resume from an earlier one, or fit again without --resume`,
    ],
    [
      'a changed bit',
      changed(bytes.length - 3),
      'c: expected bytes that match the checksum, got damaged ones; remove the file to resume from an earlier one, or fit again without --resume',
    ],
  ])('rejects %s', (_what, given, message) => {
    expect(() => decodeCheckpoint(given, 'c')).toThrow(new ModelError(message));
  });

  it('detects a change of any byte', () => {
    for (let at = 0; at < bytes.length; at++)
      expect(() => decodeCheckpoint(changed(at), 'c')).toThrow(ModelError);
  });
});

describe(crc32, () => {
  it('gives the check value of the standard', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
    expect(crc32(new Uint8Array(0))).toBe(0);
  });
});
