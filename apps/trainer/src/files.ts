import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DataError } from '@onda/contract';
import type { Pieces } from './pieces.ts';
import { readWhole, writePieces } from './pieces.ts';

/** What the operating system said, in a few words for people. */
function systemReason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return 'it is not there';
  if (code === 'EISDIR') return 'it is a folder';
  if (code === 'EACCES' || code === 'EPERM') return 'reading it is not allowed';
  return error instanceof Error ? error.message : String(error);
}

/** Reads a file that a person named; `what` says its role in the error. */
export function readInput(file: string, what: string): Buffer {
  return read(() => readFileSync(file), file, what);
}

/** The same for one that may have more than 2 GiB. */
export function readLargeInput(file: string, what: string): Uint8Array<ArrayBuffer> {
  return read(() => readWhole(file), file, what);
}

function read<T>(reader: () => T, file: string, what: string): T {
  try {
    return reader();
  } catch (error) {
    throw new DataError(`${what} ${file}: cannot be read: ${systemReason(error)}; check the path`, {
      cause: error,
    });
  }
}

/** Writes beside the goal and renames, so that the goal is whole or as it was. */
export function writeFileWhole(file: string, data: string | Uint8Array): void {
  mkdirSync(path.dirname(file), { recursive: true });
  const beside = `${file}.${randomBytes(4).toString('hex')}.part`;
  try {
    writeFileSync(beside, data);
    renameSync(beside, file);
  } finally {
    rmSync(beside, { force: true });
  }
}

/** Writes several files of a new folder beside its goal and renames the folder: all of them appear at once, or none. */
export function writeFolderWhole(
  folder: string,
  files: Readonly<Record<string, string | Uint8Array | Pieces>>,
): void {
  const beside = `${folder}.${randomBytes(4).toString('hex')}.part`;
  try {
    mkdirSync(beside, { recursive: true });
    for (const [name, data] of Object.entries(files)) {
      const file = path.join(beside, name);
      if (typeof data === 'string') writeFileSync(file, data);
      else writePieces(file, data instanceof Uint8Array ? [data] : data);
    }
    renameSync(beside, folder);
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
}
