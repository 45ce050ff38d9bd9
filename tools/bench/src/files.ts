import { randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DataError } from '@onda/contract';

/**
 * Writes beside the goal and renames, so that the goal is whole or as it was.
 *
 * @throws DataError when the place cannot be written
 */
export function writeFileWhole(file: string, text: string): void {
  const beside = `${file}.${randomBytes(4).toString('hex')}.part`;
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(beside, text);
    renameSync(beside, file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DataError(`${file}: cannot be written: ${reason}; name another place`, { cause: error });
  } finally {
    rmSync(beside, { force: true });
  }
}
