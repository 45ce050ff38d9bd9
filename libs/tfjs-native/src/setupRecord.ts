import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';

/** A library file as recorded by the set-up; `mtimeMs` in milliseconds since 1970. */
export interface LibraryFile {
  path: string;
  bytes: number;
  mtimeMs: number;
  sha256: string;
}

/** Something that could not be installed; `what` and `remedy` are clauses, `cost` is a sentence. */
export interface MissingLibrary {
  what: string;
  cost: string;
  /** Null where `npm run setup` is not available. */
  remedy: string | null;
}

/** The fields read here of the record that tools/setup writes about this machine. */
export interface SetupRecord {
  backend: 'tensorflow' | 'wasm';
  /** Why TensorFlow is missing. */
  missing: MissingLibrary | null;
  tensorflowVersion: string | null;
  addon: string | null;
  kernels: string | null;
  /** Why the native kernels are missing. */
  kernelsMissing: MissingLibrary | null;
  /** CPU type that the kernels were compiled for, from `cpuKey`. */
  cpu: string;
  files: LibraryFile[];
}

/** Inside node_modules, so that the record is removed together with the packages. */
const recordName = join('node_modules', '.onda', 'setup.json');

/** Whether this is Onda's repository, in which `npm run setup` compiles the native kernels. */
export const inWorkspace = existsSync(
  join(dirname(fileURLToPath(import.meta.url)), ...Array<string>(3).fill('..'), 'tools/setup'),
);

/**
 * Path of the record: the first one in the folder of this package or above it, so that of Onda's repository, or of the project that has
 * installed the package. Not of the current folder: the record names libraries to load.
 *
 * @returns null if there is none
 */
export function findSetupRecord(from = fileURLToPath(new URL('.', import.meta.url))): string | null {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const path = join(folder, recordName);
    if (existsSync(path)) return path;
    if (folder === dirname(folder)) return null;
  }
}

/** Reads the record; null if the set-up has not run, or wrote another format. */
export function maybeSetupRecord(path: string): SetupRecord | null {
  try {
    const record = JSON.parse(readFileSync(path, 'utf8')) as SetupRecord & { format: number };
    return record.format === 1 ? record : null;
  } catch {
    return null;
  }
}

/**
 * Checks a library against its record: size and modification time, and the hash only if the time differs.
 *
 * @returns a clause such as `/cache/lib.so is damaged`, or null if it matches
 */
export async function libraryProblem(file: LibraryFile): Promise<string | null> {
  const stat = statSync(file.path, { throwIfNoEntry: false });
  if (!stat) return `${file.path} is missing`;
  if (stat.size !== file.bytes)
    return `${file.path} is damaged (expected ${file.bytes} bytes, got ${stat.size})`;
  if (stat.mtimeMs === file.mtimeMs) return null;
  const hash = createHash('sha256');
  await pipeline(createReadStream(file.path, { highWaterMark: 1 << 20 }), hash);
  if (hash.digest('hex') !== file.sha256)
    return `${file.path} is damaged (its SHA-256 differs from the record)`;
  return null;
}

/**
 * Identifies the instruction set that -march=native uses on this machine. Duplicates tools/setup/src/machine.ts, which runs before
 * any package is installed.
 *
 * @returns 16 hexadecimal digits, or `unknown` without /proc/cpuinfo
 */
export function cpuKey(cpuinfo?: string): string {
  const flags = /^flags\s*:\s*(.*)$/m.exec(cpuinfo ?? readCpuinfo())?.[1];
  if (flags === undefined) return 'unknown';
  return createHash('sha256').update(flags.trim().split(/\s+/).sort().join(' ')).digest('hex').slice(0, 16);
}

function readCpuinfo(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return '';
  }
}
