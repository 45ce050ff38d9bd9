import { readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { sha256File, writeFileAtomic } from './files.mjs';

/** The state of a file, to detect changes; `mtimeMs` in milliseconds since 1970. */
export interface FileRecord {
  path: string;
  bytes: number;
  mtimeMs: number;
  sha256: string;
}

/** @param knownSha256 where the caller has hashed the file already */
export async function describeFile(path: string, knownSha256?: string): Promise<FileRecord> {
  const { size, mtimeMs } = statSync(path);
  return { path, bytes: size, mtimeMs, sha256: knownSha256 ?? (await sha256File(path)) };
}

/**
 * Compares a file with its record: size and time first, the bytes only where the time differs.
 *
 * @returns `touched`: another time, but the same bytes
 */
export async function compareFile(record: FileRecord): Promise<'same' | 'touched' | 'damaged' | 'absent'> {
  const stat = statSync(record.path, { throwIfNoEntry: false });
  if (!stat) return 'absent';
  if (!stat.isFile() || stat.size !== record.bytes) return 'damaged';
  if (stat.mtimeMs === record.mtimeMs) return 'same';
  return (await sha256File(record.path)) === record.sha256 ? 'touched' : 'damaged';
}

/** Writes the records of files with their base names, so that the folder can be moved. */
export function writeRecords(recordFile: string, records: readonly FileRecord[]): void {
  const files = records.map(({ path, ...rest }) => ({ name: basename(path), ...rest }));
  writeFileAtomic(recordFile, `${JSON.stringify({ files }, null, 2)}\n`);
}

/**
 * Reads the records of files and compares each file.
 *
 * @param folder the folder of the files
 * @returns null where a file is absent or damaged, or the records are unreadable: the files must be made again
 */
export async function readValidRecords(folder: string, recordFile: string): Promise<FileRecord[] | null> {
  const records = readRecords(folder, recordFile);
  if (!records || records.length === 0) return null;
  const valid: FileRecord[] = [];
  for (const record of records) {
    const state = await compareFile(record);
    if (state === 'absent' || state === 'damaged') return null;
    valid.push(state === 'touched' ? await describeFile(record.path, record.sha256) : record);
  }
  if (valid.some((record, index) => record !== records[index])) {
    try {
      writeRecords(recordFile, valid);
    } catch {
      // A read-only cache works too; the files are hashed again the next time.
    }
  }
  return valid;
}

function readRecords(folder: string, recordFile: string): FileRecord[] | null {
  try {
    const { files } = JSON.parse(readFileSync(recordFile, 'utf8')) as {
      files: ({ name: string } & Omit<FileRecord, 'path'>)[];
    };
    return files.map(({ name, bytes, mtimeMs, sha256 }) => ({
      path: join(folder, name),
      bytes,
      mtimeMs,
      sha256,
    }));
  } catch {
    return null;
  }
}
