import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from './files.mjs';
import { pathInside, unpackZip } from './zip.ts';

interface Part {
  name: string;
  content: Buffer;
  method?: 0 | 8 | 12;
  crc?: number;
}

/** A small zip writer: local headers, then the directory, then its end. */
function zip(parts: Part[], { entries = parts.length }: { entries?: number } = {}): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content, method = 8, crc = crc32(content) } of parts) {
    const packed = method === 8 ? deflateRawSync(content) : content;
    const title = Buffer.from(name);
    const sizes = Buffer.alloc(16);
    sizes.writeUInt32LE(crc, 0);
    sizes.writeUInt32LE(packed.length, 4);
    sizes.writeUInt32LE(content.length, 8);
    sizes.writeUInt16LE(title.length, 12);
    const local = Buffer.alloc(14);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(method, 8);
    bodies.push(local, sizes, title, packed);
    const head = Buffer.alloc(16);
    head.writeUInt32LE(0x02014b50, 0);
    head.writeUInt16LE(method, 10);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(head, sizes, rest, title);
    offset += 14 + 16 + title.length + packed.length;
  }
  const listing = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries, 10);
  end.writeUInt32LE(listing.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...bodies, listing, end]);
}

let folder: string;
let archive: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'onda-zip-'));
  archive = join(folder, 'a.whl');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe(unpackZip, () => {
  const all = (name: string): string => name;

  it('unpacks deflated and stored files into folders', async () => {
    const parts: Part[] = [
      { name: 'x/', content: Buffer.alloc(0), method: 0 },
      { name: 'x/one.h', content: Buffer.from('#pragma once\n'.repeat(50)) },
      { name: 'two.h', content: Buffer.from('plain'), method: 0 },
    ];
    writeFileSync(archive, zip(parts));
    await unpackZip(archive, join(folder, 'out'), all);
    expect(readFileSync(join(folder, 'out/x/one.h'), 'utf8')).toBe('#pragma once\n'.repeat(50));
    expect(readFileSync(join(folder, 'out/two.h'), 'utf8')).toBe('plain');
  });

  it('streams a large file and returns its hash', async () => {
    const content = Buffer.alloc(9_000_000, 'libtensorflow');
    writeFileSync(archive, zip([{ name: 'big.so', content }]));
    const hashes = await unpackZip(archive, join(folder, 'out'), all);
    expect(hashes.get('big.so')).toBe(sha256(content));
    expect(readFileSync(join(folder, 'out/big.so')).equals(content)).toBe(true);
  });

  it('skips entries that are not chosen, and writes the others to the chosen paths', async () => {
    const parts = ['a/keep.h', 'a/drop.h'].map((name) => ({ name, content: Buffer.from(name) }));
    writeFileSync(archive, zip(parts));
    await unpackZip(archive, join(folder, 'out'), (name) => (name === 'a/keep.h' ? 'b/kept.h' : null));
    expect(readdirSync(join(folder, 'out'), { recursive: true }).sort()).toEqual(['b', 'b/kept.h']);
  });

  it.each(['../out.h', '/etc/out.h', 'a/../../out.h', 'a\\..\\out.h', 'C:/out.h', 'a//b', './a'])(
    'rejects the path %s before it writes anything',
    async (name) => {
      writeFileSync(archive, zip([{ name, content: Buffer.from('x') }]));
      await expect(unpackZip(archive, join(folder, 'out'), all)).rejects.toThrow(
        `${archive}: expected plain paths in the archive, got ${JSON.stringify(name)}; remove the archive and download it from a trusted source.`,
      );
      expect(readdirSync(folder)).toEqual(['a.whl']);
    },
  );

  it.each([
    ['a small', 10],
    ['a large', 5_000_000],
  ])('rejects %s file that does not match its checksum', async (_size, bytes) => {
    writeFileSync(archive, zip([{ name: 'f', content: Buffer.alloc(bytes, 7), crc: 1 }]));
    await expect(unpackZip(archive, join(folder, 'out'), all)).rejects.toThrow(
      `${archive} is damaged: f does not match its checksum; remove it and run npm run setup again, which downloads it again.`,
    );
  });

  it('rejects a truncated archive', async () => {
    const whole = zip([{ name: 'f', content: Buffer.from('x'.repeat(100)) }]);
    writeFileSync(archive, whole.subarray(0, whole.length - 30));
    await expect(unpackZip(archive, join(folder, 'out'), all)).rejects.toThrow(
      `${archive} is damaged: End of central directory record signature not found`,
    );
  });

  it('rejects an archive with fewer entries than its directory declares', async () => {
    writeFileSync(archive, zip([{ name: 'f', content: Buffer.from('x') }], { entries: 2 }));
    await expect(unpackZip(archive, join(folder, 'out'), all)).rejects.toThrow(
      `${archive} is damaged: unexpected EOF; remove it`,
    );
  });

  it('rejects compression methods other than stored and deflated', async () => {
    writeFileSync(archive, zip([{ name: 'f', content: Buffer.from('x'), method: 12 }]));
    await expect(unpackZip(archive, join(folder, 'out'), all)).rejects.toThrow(
      'unsupported compression method: 12',
    );
  });
});

describe(pathInside, () => {
  it('accepts plain names with dots', () => {
    expect(pathInside('a.whl', '/f', 'x/..y/z.so.2')).toBe('/f/x/..y/z.so.2');
  });
});
