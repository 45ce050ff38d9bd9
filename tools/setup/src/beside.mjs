// @ts-check
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * A name in the same folder, so that the rename that follows is atomic.
 * @param {string} path
 */
function besideName(path) {
  return `${path}.${process.pid}-${Date.now().toString(36)}.tmp`;
}

/**
 * Writes a file as a whole or not at all.
 * @param {string} path
 * @param {string} content
 */
export function writeFileBeside(path, content) {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = besideName(path);
  writeFileSync(temporary, content);
  renameSync(temporary, path);
}

/**
 * Makes or moves a symbolic link in one step: whoever looks sees the old or the new target.
 * @param {string} target
 * @param {string} path
 */
export function linkBeside(target, path) {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = besideName(path);
  symlinkSync(target, temporary);
  try {
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/**
 * Fills a folder beside its place and moves it there when it is complete; what a killed run left is swept away.
 * The caller holds the lock of the place.
 * @param {string} folder
 * @param {(temporary: string) => Promise<void>} fill
 */
export async function fillFolderBeside(folder, fill) {
  await mkdir(dirname(folder), { recursive: true });
  await sweep(folder);
  const temporary = besideName(folder);
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

/** @param {string} path */
async function sweep(path) {
  const folder = dirname(path);
  const prefix = `${path.slice(folder.length + 1)}.`;
  for (const name of await readdir(folder)) {
    if (name.startsWith(prefix) && name.endsWith('.tmp'))
      await rm(join(folder, name), { recursive: true, force: true });
  }
}
