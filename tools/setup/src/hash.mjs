// @ts-check
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
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
 * A short name for what a thing was made from: equal parts, equal key.
 * @param {readonly string[]} parts
 * @returns {string} 16 hexadecimal digits
 */
export function contentKey(parts) {
  return sha256(JSON.stringify(parts)).slice(0, 16);
}
