// @ts-check
import { createHash } from 'node:crypto';
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32, createInflateRaw, inflateRawSync } from 'node:zlib';
import { SetupError } from './setupError.mjs';

/** @typedef {import('node:fs/promises').FileHandle} FileHandle */
/** @typedef {{ name: string, method: number, crc: number, packed: number, bytes: number, offset: number }} ZipEntry */

/** Files up to this size are inflated in one piece: streams cost more than they save. */
const SMALL_BYTES = 4 * 1024 * 1024;

/**
 * Unpacks chosen files of a zip archive (a wheel is one). Reads it in streams: the largest file is never in memory.
 * Format: APPNOTE.TXT 6.3.10, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (its end).
 *
 * @param {string} archive
 * @param {string} folder where the files go
 * @param {(name: string) => string | null} choose the path inside `folder` for an entry's name; null leaves it out
 * @param {(bytes: number) => void} [onBytes] told how many bytes were written, as it goes
 * @returns {Promise<Map<string, string>>} SHA-256 of every large file, by its path inside `folder`
 * @throws {SetupError} when the archive is damaged, of a kind that is not read here, or a path would leave `folder`
 */
export async function unpackZip(archive, folder, choose, onBytes) {
  const handle = await open(archive);
  /** @type {Map<string, string>} */
  const hashes = new Map();
  /** @type {Set<string>} */
  const folders = new Set();
  try {
    for (const entry of await readDirectory(handle, archive)) {
      const place = entry.name.endsWith('/') ? null : choose(entry.name);
      if (place === null) continue;
      const target = placeInside(archive, folder, place);
      if (!folders.has(dirname(target))) mkdirSync(dirname(target), { recursive: true });
      folders.add(dirname(target));
      const start = await dataStart(handle, archive, entry);
      if (entry.bytes <= SMALL_BYTES && entry.packed <= SMALL_BYTES)
        await unpackSmall(handle, archive, entry, start, target);
      else hashes.set(place, await unpackLarge(handle, archive, entry, start, target));
      onBytes?.(entry.bytes);
    }
  } finally {
    await handle.close();
  }
  return hashes;
}

/**
 * The place of an archive's file, which must lie inside the folder whatever the archive says.
 * @param {string} archive
 * @param {string} folder
 * @param {string} name
 * @returns {string}
 */
export function placeInside(archive, folder, name) {
  const parts = name.split('/');
  const hostile =
    name === '' ||
    /[\\\0]/.test(name) ||
    /^[A-Za-z]:/.test(name) ||
    parts.some((part) => part === '..' || part === '.' || part === '');
  if (hostile)
    throw new SetupError(
      `${archive} holds a file named ${JSON.stringify(name)}, expected a plain path inside the archive; nothing of it is used: remove the archive and get it from where you trust it.`,
    );
  return join(folder, ...parts);
}

/**
 * @param {FileHandle} handle
 * @param {string} archive
 * @returns {Promise<ZipEntry[]>}
 */
async function readDirectory(handle, archive) {
  const { size } = await handle.stat();
  const tail = await readExactly(handle, archive, Math.max(0, size - 65_557), Math.min(size, 65_557));
  const end = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  if (end < 0 || end + 22 > tail.length) throw damaged(archive, 'it has no end record');
  const count = tail.readUInt16LE(end + 10);
  const bytes = tail.readUInt32LE(end + 12);
  const offset = tail.readUInt32LE(end + 16);
  if (count === 0xffff || bytes === 0xffffffff || offset === 0xffffffff)
    throw damaged(archive, 'it is of the zip64 kind, which is not read here');
  if (offset + bytes > size) throw damaged(archive, 'its directory lies outside it');
  const directory = await readExactly(handle, archive, offset, bytes);
  /** @type {ZipEntry[]} */
  const entries = [];
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    if (at + 46 > bytes || directory.readUInt32LE(at) !== 0x02014b50)
      throw damaged(archive, `entry ${index} of its directory is not one`);
    const nameBytes = directory.readUInt16LE(at + 28);
    const rest = directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
    if (directory.readUInt16LE(at + 8) & 1) throw damaged(archive, 'it is encrypted');
    entries.push({
      name: directory.toString('utf8', at + 46, at + 46 + nameBytes),
      method: directory.readUInt16LE(at + 10),
      crc: directory.readUInt32LE(at + 16),
      packed: directory.readUInt32LE(at + 20),
      bytes: directory.readUInt32LE(at + 24),
      offset: directory.readUInt32LE(at + 42),
    });
    at += 46 + nameBytes + rest;
  }
  return entries;
}

/**
 * @param {FileHandle} handle
 * @param {string} archive
 * @param {ZipEntry} entry
 * @returns {Promise<number>} where the packed bytes begin
 */
async function dataStart(handle, archive, entry) {
  if (entry.method !== 0 && entry.method !== 8)
    throw damaged(archive, `${entry.name} is packed by method ${entry.method}, expected 0 or 8`);
  const header = await readExactly(handle, archive, entry.offset, 30);
  if (header.readUInt32LE(0) !== 0x04034b50) throw damaged(archive, `${entry.name} has no header`);
  return entry.offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
}

/**
 * @param {FileHandle} handle
 * @param {string} archive
 * @param {ZipEntry} entry
 * @param {number} start
 * @param {string} target
 */
async function unpackSmall(handle, archive, entry, start, target) {
  const packed = await readExactly(handle, archive, start, entry.packed);
  let content = packed;
  if (entry.method === 8) {
    try {
      // One byte more than is told: a file that goes on is damaged, not cut.
      content = inflateRawSync(packed, { maxOutputLength: entry.bytes + 1 });
    } catch (error) {
      throw damaged(archive, `${entry.name} cannot be unpacked`, error);
    }
  }
  if (content.length !== entry.bytes || crc32(content) !== entry.crc)
    throw damaged(archive, `${entry.name} does not match its checksum`);
  writeFileSync(target, content);
}

/**
 * @param {FileHandle} handle
 * @param {string} archive
 * @param {ZipEntry} entry
 * @param {number} start
 * @param {string} target
 * @returns {Promise<string>} SHA-256 of what was written
 */
async function unpackLarge(handle, archive, entry, start, target) {
  const hash = createHash('sha256');
  let bytes = 0;
  let crc = 0;
  const check = new Transform({
    transform(/** @type {Buffer} */ chunk, _encoding, done) {
      bytes += chunk.length;
      crc = crc32(chunk, crc);
      hash.update(chunk);
      done(bytes > entry.bytes ? damaged(archive, `${entry.name} is longer than it says`) : null, chunk);
    },
  });
  const source = handle.createReadStream({
    start,
    end: start + entry.packed - 1,
    autoClose: false,
    highWaterMark: 1 << 20,
  });
  const sink = createWriteStream(target, { highWaterMark: 1 << 20 });
  try {
    if (entry.method === 8) await pipeline(source, createInflateRaw({ chunkSize: 1 << 20 }), check, sink);
    else await pipeline(source, check, sink);
  } catch (error) {
    if (error instanceof SetupError) throw error;
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOSPC') throw error;
    throw damaged(archive, `${entry.name} cannot be unpacked`, error);
  }
  if (bytes !== entry.bytes || crc !== entry.crc)
    throw damaged(archive, `${entry.name} does not match its checksum`);
  return hash.digest('hex');
}

/**
 * @param {FileHandle} handle
 * @param {string} archive
 * @param {number} start
 * @param {number} length
 * @returns {Promise<Buffer>}
 */
async function readExactly(handle, archive, start, length) {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await handle.read(buffer, 0, length, start);
  if (bytesRead !== length) throw damaged(archive, 'it ends too early');
  return buffer;
}

/**
 * @param {string} archive
 * @param {string} why
 * @param {unknown} [cause]
 */
function damaged(archive, why, cause) {
  return new SetupError(
    `${archive} cannot be read: ${why}; remove it and run npm run setup again, which gets it anew.`,
    { cause },
  );
}
