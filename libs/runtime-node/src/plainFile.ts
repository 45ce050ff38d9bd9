import { createHash } from 'node:crypto';
import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from '@onda/contract';

/** Larger than any recurrent net that fits a service's memory. */
const MAX_FILE_BYTES = 1_073_741_824;

/** A file as it was read. */
export interface ModelFile {
  bytes: Uint8Array;
  /** Hexadecimal. */
  sha256: string;
}

/**
 * Reads a plain file: no link, hard ones among them, so that a repository cannot point outside itself.
 *
 * @throws ModelError naming the file, what was expected and what came
 */
export async function readPlainFile(folder: string, file: string): Promise<ModelFile> {
  const path = join(folder, file);
  const stat = await lstat(path).catch((cause: unknown) => {
    throw new ModelError(
      isForbidden(cause)
        ? `${path}: the file cannot be read; give this user the right to read it`
        : `${path}: expected a file, found none; give the folder of an exported model`,
      { cause },
    );
  });
  if (!stat.isFile()) {
    throw new ModelError(
      `${path}: expected a plain file, found a folder or a link; copy the file itself there`,
    );
  }
  if (stat.nlink > 1) {
    throw new ModelError(
      `${path}: expected a file of its own, found one with ${stat.nlink} names (hard links); copy the file itself there`,
    );
  }
  if (stat.size > MAX_FILE_BYTES) {
    throw new ModelError(
      `${path}: expected at most ${MAX_FILE_BYTES} bytes, got ${stat.size}; it is no model that can be served`,
    );
  }
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new ModelError(`${path}: the file cannot be read; give this user the right to read it`, { cause });
  });
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** Whether the system refused this user. */
export function isForbidden(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EACCES' || code === 'EPERM';
}
