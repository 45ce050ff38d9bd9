// @ts-check
import { createHash } from 'node:crypto';
import { createReadStream, lstatSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { symlinkSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/**
 * @param {string | Uint8Array} content
 * @returns {string} SHA-256, hexadecimal
 */
export function sha256(content) {
  return createHash('sha256').update(content).digest('hex');
}

/**
 * @param {string} path
 * @returns {Promise<string>} SHA-256 of the file's bytes, hexadecimal
 */
export async function sha256File(path) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}

/**
 * A cache key for the inputs of a build.
 * @param {readonly string[]} parts
 * @returns {string} 16 hexadecimal digits
 */
export function contentKey(parts) {
  return sha256(JSON.stringify(parts)).slice(0, 16);
}

/**
 * A temporary name in the same folder, so that the rename is atomic.
 * @param {string} path
 */
function temporaryName(path) {
  return `${path}.${process.pid}-${Date.now().toString(36)}.tmp`;
}

/**
 * @param {string} path its folder is created
 * @param {string} content
 */
export function writeFileAtomic(path, content) {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = temporaryName(path);
  writeFileSync(temporary, content);
  renameSync(temporary, path);
}

/**
 * Creates or replaces a symbolic link.
 * @param {string} target
 * @param {string} path its folder is created
 */
export function linkAtomic(target, path) {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = temporaryName(path);
  symlinkSync(target, temporary);
  try {
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/**
 * Fills a temporary folder and renames it to `folder` when it is complete. Removes temporary folders of killed processes, so the caller
 * must hold a lock on `folder`.
 * @param {string} folder
 * @param {(temporary: string) => Promise<void>} fill
 */
export async function fillFolderAtomic(folder, fill) {
  const parent = dirname(folder);
  await mkdir(parent, { recursive: true });
  const prefix = `${folder.slice(parent.length + 1)}.`;
  for (const name of await readdir(parent))
    if (name.startsWith(prefix) && name.endsWith('.tmp'))
      await rm(join(parent, name), { recursive: true, force: true });
  const temporary = temporaryName(folder);
  await mkdir(temporary);
  try {
    await fill(temporary);
    await rm(folder, { recursive: true, force: true });
    await rename(temporary, folder);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

/**
 * @param {string} folder
 * @returns {number} size of its files in megabytes (10^6 bytes); links are not followed
 */
export function folderMegabytes(folder) {
  return Math.round(folderBytes(folder) / 1e6);
}

/**
 * @param {string} folder
 * @returns {number}
 */
function folderBytes(folder) {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += folderBytes(path);
    else if (entry.isFile()) bytes += lstatSync(path).size;
  }
  return bytes;
}
