// @ts-check
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @param {string} folder
 * @returns {number} megabytes (10^6 bytes) of the files in it, links not followed
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
