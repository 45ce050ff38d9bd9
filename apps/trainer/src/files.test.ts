import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { holdsPieces, readWhole, sha256Of, sizeOf, writePieces } from './files.ts';
import { emptyFolder } from './testing/savedModel.ts';

/** The second is longer than what one call reads, writes or hashes. */
const pieces = [Uint8Array.of(1, 2, 3), new Uint8Array(2 ** 26 + 5).fill(7), Uint8Array.of(9)];
const whole = Buffer.concat(pieces);

describe('a file in pieces', () => {
  const file = path.join(emptyFolder(), 'data');
  writePieces(file, pieces);

  it('equals the concatenated pieces', () => {
    expect(sizeOf(pieces)).toBe(whole.length);
    expect(readFileSync(file).equals(whole)).toBe(true);
    expect(sha256Of(pieces)).toBe(createHash('sha256').update(whole).digest('hex'));
  });

  it('is read completely into new memory', () => {
    const bytes = readWhole(file);
    expect(whole.equals(bytes)).toBe(true);
    expect(bytes.buffer.byteLength).toBe(whole.length);
  });

  it('matches exactly these pieces', () => {
    expect(holdsPieces(file, pieces)).toBe(true);
    expect(holdsPieces(file, [whole])).toBe(true);
    expect(holdsPieces(file, pieces.slice(0, 2))).toBe(false);
    expect(holdsPieces(file, [...pieces.slice(0, 2), Uint8Array.of(8)])).toBe(false);
  });

  it('never overwrites an existing file', () => {
    const other = path.join(emptyFolder(), 'there');
    writeFileSync(other, 'as it was');
    expect(() => {
      writePieces(other, pieces);
    }).toThrow('EEXIST');
    expect(readFileSync(other, 'utf8')).toBe('as it was');
  });
});
