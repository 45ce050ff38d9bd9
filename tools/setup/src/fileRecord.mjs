// @ts-check
import { readFileSync, statSync } from 'node:fs';
import { sha256File } from './hash.mjs';
import { writeFileBeside } from './beside.mjs';

/** @typedef {{ path: string, bytes: number, mtimeMs: number, sha256: string }} FileRecord */

/**
 * Describes a file, so that a later look can tell whether it is still the same.
 * @param {string} path
 * @param {string} [knownSha256] where the caller hashed the bytes already
 * @returns {Promise<FileRecord>}
 */
export async function describeFile(path, knownSha256) {
  const { size, mtimeMs } = statSync(path);
  return { path, bytes: size, mtimeMs, sha256: knownSha256 ?? (await sha256File(path)) };
}

/**
 * Is the file what its record says? Size and time are compared first, the bytes only when the time moved.
 * @param {FileRecord} record
 * @returns {Promise<'same' | 'touched' | 'damaged' | 'absent'>} `touched`: other time, same bytes
 */
export async function compareFile(record) {
  const stat = statSync(record.path, { throwIfNoEntry: false });
  if (!stat) return 'absent';
  if (!stat.isFile() || stat.size !== record.bytes) return 'damaged';
  if (stat.mtimeMs === record.mtimeMs) return 'same';
  return (await sha256File(record.path)) === record.sha256 ? 'touched' : 'damaged';
}

/**
 * Writes the records of a made thing beside it; the paths are kept by name, so the folder may be moved whole.
 * @param {string} recordFile
 * @param {readonly FileRecord[]} records
 */
export function writeRecords(recordFile, records) {
  const files = records.map(({ path, ...rest }) => ({
    name: path.slice(path.lastIndexOf('/') + 1),
    ...rest,
  }));
  writeFileBeside(recordFile, `${JSON.stringify({ files }, null, 2)}\n`);
}

/**
 * Reads the records beside a made thing and checks every file.
 * @param {string} folder where the files lie
 * @param {string} recordFile
 * @returns {Promise<FileRecord[] | null>} null where anything is absent, damaged or unreadable: it is to be made again
 */
export async function soundRecords(folder, recordFile) {
  const records = readRecords(folder, recordFile);
  if (!records || records.length === 0) return null;
  /** @type {FileRecord[]} */
  const sound = [];
  for (const record of records) {
    const state = await compareFile(record);
    if (state === 'absent' || state === 'damaged') return null;
    sound.push(state === 'touched' ? await describeFile(record.path, record.sha256) : record);
  }
  if (sound.some((record, index) => record !== records[index])) {
    try {
      writeRecords(recordFile, sound);
    } catch {
      // A cache that may only be read still serves; it only costs the hash again next time.
    }
  }
  return sound;
}

/**
 * @param {string} folder
 * @param {string} recordFile
 * @returns {FileRecord[] | null}
 */
function readRecords(folder, recordFile) {
  try {
    const { files } = JSON.parse(readFileSync(recordFile, 'utf8'));
    return files.map(
      (/** @type {{ name: string, bytes: number, mtimeMs: number, sha256: string }} */ file) => ({
        path: `${folder}/${file.name}`,
        bytes: file.bytes,
        mtimeMs: file.mtimeMs,
        sha256: file.sha256,
      }),
    );
  } catch {
    return null;
  }
}
