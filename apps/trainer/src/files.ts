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
  if (code === 'EACCES' || code === 'EPERM') return 'that is not allowed';
  if (code === 'ENOTDIR' || code === 'EEXIST') return 'a part of its path is a file';
  if (code === 'ENOSPC') return 'the disk is full';
  if (code === 'EROFS') return 'the disk is read-only';
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
  writeBeside(file, (beside) => {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(beside, data);
  });
}

/** Writes several files of a new folder beside its goal and renames the folder: all of them appear at once, or none. */
export function writeFolderWhole(
  folder: string,
  files: Readonly<Record<string, string | Uint8Array | Pieces>>,
): void {
  writeBeside(folder, (beside) => {
    mkdirSync(beside, { recursive: true });
    for (const [name, data] of Object.entries(files)) {
      const file = path.join(beside, name);
      if (typeof data === 'string') writeFileSync(file, data);
      else writePieces(file, data instanceof Uint8Array ? [data] : data);
    }
  });
}

/** @throws DataError when it cannot be written; what there is of it is taken away then */
function writeBeside(goal: string, write: (beside: string) => void): void {
  const beside = `${goal}.${randomBytes(4).toString('hex')}.part`;
  try {
    write(beside);
    renameSync(beside, goal);
  } catch (error) {
    try {
      rmSync(beside, { recursive: true, force: true });
    } catch {
      // Where it could not be written there may be nothing to take away; the first error tells why.
    }
    throw new DataError(`${goal}: cannot be written: ${systemReason(error)}; check the path`, {
      cause: error,
    });
  }
}
