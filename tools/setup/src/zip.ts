import { createHash } from 'node:crypto';
import { createWriteStream, mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';
import type { Entry, ZipFile } from 'yauzl';
import { messageOf, SetupError } from './context.mjs';

/** Files up to this size are unpacked in memory; larger ones are streamed and hashed. */
const SMALL_BYTES = 4 * 1024 * 1024;

/**
 * Unpacks chosen files of a zip archive (a wheel is one) and checks their sizes and checksums.
 *
 * @param folder where the files are written
 * @param choose the path inside `folder` for the name of an entry; null skips it
 * @returns SHA-256 of each large file, by its path inside `folder`
 * @throws SetupError where the archive is damaged, its format is not supported, or a path would leave `folder`
 */
export async function unpackZip(
  archive: string,
  folder: string,
  choose: (name: string) => string | null,
): Promise<Map<string, string>> {
  const { openPromise } = await import('yauzl');
  const hashes = new Map<string, string>();
  const folders = new Set<string>();
  let zip: ZipFile | undefined;
  try {
    // Names stay bytes: pathInside is stricter than yauzl about them.
    zip = await openPromise(archive, { lazyEntries: true, autoClose: false, decodeStrings: false });
    for await (const entry of zip.eachEntry()) {
      const name = entry.fileNameRaw.toString('utf8');
      const path = name.endsWith('/') ? null : choose(name);
      if (path === null) continue;
      const target = pathInside(archive, folder, path);
      if (!folders.has(dirname(target))) mkdirSync(dirname(target), { recursive: true });
      folders.add(dirname(target));
      const hash = await unpackEntry(zip, entry, name, target);
      if (hash !== null) hashes.set(path, hash);
    }
  } catch (error) {
    if (error instanceof SetupError || (error as NodeJS.ErrnoException).code === 'ENOSPC') throw error;
    throw new SetupError(
      `${archive} is damaged: ${messageOf(error).replace(/\.$/, '')}; remove it and run npm run setup again, which downloads it again.`,
      { cause: error },
    );
  } finally {
    zip?.close();
  }
  return hashes;
}

/**
 * The target of an entry, which must be inside `folder` whatever the archive contains.
 *
 * @throws SetupError for any path that is not plain and relative
 */
export function pathInside(archive: string, folder: string, name: string): string {
  const parts = name.split('/');
  const unsafe =
    name === '' ||
    /[\\\0]/.test(name) ||
    /^[A-Za-z]:/.test(name) ||
    parts.some((part) => part === '..' || part === '.' || part === '');
  if (unsafe)
    throw new SetupError(
      `${archive}: expected plain paths in the archive, got ${JSON.stringify(name)}; remove the archive and download it from a trusted source.`,
    );
  return join(folder, ...parts);
}

/** @returns SHA-256 of a large file, null for a small one */
async function unpackEntry(zip: ZipFile, entry: Entry, name: string, target: string): Promise<string | null> {
  const source = await zip.openReadStreamPromise(entry);
  if (entry.uncompressedSize <= SMALL_BYTES && entry.compressedSize <= SMALL_BYTES) {
    const content = await buffer(source);
    if (crc32(content) !== entry.crc32) throw new Error(`${name} does not match its checksum`);
    await writeFile(target, content);
    return null;
  }
  const hash = createHash('sha256');
  let crc = 0;
  const check = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      crc = crc32(chunk, crc);
      hash.update(chunk);
      done(null, chunk);
    },
  });
  await pipeline(source, check, createWriteStream(target, { highWaterMark: 1 << 20 }));
  if (crc !== entry.crc32) throw new Error(`${name} does not match its checksum`);
  return hash.digest('hex');
}
