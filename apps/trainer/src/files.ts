import { createHash, randomBytes } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { DataError } from '@onda/contract';

/** The reason of a file system error in words. */
function systemReason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return 'it does not exist';
  if (code === 'EISDIR') return 'it is a folder';
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied';
  if (code === 'ENOTDIR' || code === 'EEXIST') return 'a part of its path is a file';
  if (code === 'ENOSPC') return 'the disk is full';
  if (code === 'EROFS') return 'the disk is read-only';
  return error instanceof Error ? error.message : String(error);
}

/** Reads an input file; `what` names its role in errors. */
export function readInput(file: string, what: string): Buffer {
  return read(() => readFileSync(file), file, what);
}

/** Reads an input file that may be larger than 2 GiB. */
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

/** Writes a file atomically: to a temporary file next to it, then rename. */
export function writeFileAtomic(file: string, data: string | Uint8Array): void {
  writeAtomic(file, (temporary) => {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(temporary, data);
  });
}

/** Writes a new folder atomically: to a temporary folder next to it, then rename. */
export function writeFolderAtomic(
  folder: string,
  files: Readonly<Record<string, string | Uint8Array | Pieces>>,
): void {
  writeAtomic(folder, (temporary) => {
    mkdirSync(temporary, { recursive: true });
    for (const [name, data] of Object.entries(files)) {
      const file = path.join(temporary, name);
      if (typeof data === 'string') writeFileSync(file, data);
      else writePieces(file, data instanceof Uint8Array ? [data] : data);
    }
  });
}

/** @throws DataError if it cannot be written; the temporary file or folder is removed */
function writeAtomic(target: string, write: (temporary: string) => void): void {
  const temporary = `${target}.${randomBytes(4).toString('hex')}.part`;
  try {
    write(temporary);
    renameSync(temporary, target);
  } catch (error) {
    try {
      rmSync(temporary, { recursive: true, force: true });
    } catch {
      // The first error has the reason.
    }
    throw cannotWrite(target, error);
  }
}

/** The error for a file or folder that cannot be written. */
export function cannotWrite(target: string, error: unknown): DataError {
  const code = (error as NodeJS.ErrnoException).code;
  const remedy = code === 'ENOSPC' ? 'free some space' : 'check the path';
  return new DataError(`${target}: cannot be written: ${systemReason(error)}; ${remedy}`, { cause: error });
}

/**
 * Checks that a folder can be written, or created where it does not exist.
 *
 * @throws DataError with the reason
 */
export function checkWritable(folder: string): void {
  let existing = path.resolve(folder);
  for (;;) {
    const stat = statSync(existing, { throwIfNoEntry: false });
    if (stat?.isDirectory()) break;
    if (stat !== undefined || path.dirname(existing) === existing) {
      throw cannotWrite(folder, Object.assign(new Error(), { code: 'ENOTDIR' }));
    }
    existing = path.dirname(existing);
  }
  try {
    accessSync(existing, constants.W_OK);
  } catch (error) {
    throw cannotWrite(folder, error);
  }
}

/** The content of a file in pieces: it may be larger than one array or one system call allows. */
export type Pieces = readonly Uint8Array[];

/** Bytes per call: reading, writing and hashing are limited to 2 GiB. */
const block = 2 ** 26;

function* blocksOf(pieces: Pieces): Generator<Uint8Array> {
  for (const piece of pieces)
    for (let start = 0; start < piece.length; start += block) yield piece.subarray(start, start + block);
}

export function sizeOf(pieces: Pieces): number {
  return pieces.reduce((size, { length }) => size + length, 0);
}

export function sha256Of(pieces: Pieces): string {
  const hash = createHash('sha256');
  for (const bytes of blocksOf(pieces)) hash.update(bytes);
  return hash.digest('hex');
}

/** Writes a new file. */
export function writePieces(file: string, pieces: Pieces): void {
  const handle = openSync(file, 'wx');
  try {
    for (const bytes of blocksOf(pieces)) {
      for (let done = 0; done < bytes.length;) done += writeSync(handle, bytes, done);
    }
  } finally {
    closeSync(handle);
  }
}

/** Whether an existing file contains exactly these bytes. */
export function holdsPieces(file: string, pieces: Pieces): boolean {
  const handle = openSync(file, 'r');
  try {
    if (fstatSync(handle).size !== sizeOf(pieces)) return false;
    const buffer = Buffer.alloc(block);
    for (const bytes of blocksOf(pieces)) {
      const found = buffer.subarray(0, bytes.length);
      if (!fill(handle, found) || !found.equals(bytes)) return false;
    }
    return true;
  } finally {
    closeSync(handle);
  }
}

/** Reads a whole file of any size. */
export function readWhole(file: string): Uint8Array<ArrayBuffer> {
  const handle = openSync(file, 'r');
  try {
    const bytes = new Uint8Array(fstatSync(handle).size);
    for (let start = 0; start < bytes.length; start += block) {
      if (!fill(handle, bytes.subarray(start, start + block)))
        throw new Error('it was truncated during the read');
    }
    return bytes;
  } finally {
    closeSync(handle);
  }
}

/** Reads the next bytes; false if the file has fewer. */
function fill(handle: number, bytes: Uint8Array): boolean {
  let done = 0;
  while (done < bytes.length) {
    const count = readSync(handle, bytes, done, bytes.length - done, null);
    if (count === 0) return false;
    done += count;
  }
  return true;
}
