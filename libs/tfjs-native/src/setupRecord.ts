import { createHash } from 'node:crypto';
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';

/** A library as the set-up saw it last; `mtimeMs` in milliseconds since 1970. */
export interface LibraryFile {
  path: string;
  bytes: number;
  mtimeMs: number;
  sha256: string;
}

/** What could not be brought in, as clauses; `cost` is a sentence. */
export interface MissingLibrary {
  what: string;
  cost: string;
  remedy: string;
}

/** What tools/setup writes about this machine; only what is read here. */
export interface SetupRecord {
  backend: 'tensorflow' | 'cpu';
  /** Why TensorFlow is not there. */
  missing: MissingLibrary | null;
  tensorflowVersion: string | null;
  addon: string | null;
  kernels: string | null;
  /** Why the native kernels are not there. */
  kernelsMissing: MissingLibrary | null;
  /** What the kernels were compiled for, as `cpuKey` gives it. */
  cpu: string;
  files: LibraryFile[];
}

/** Where tools/setup writes it; inside node_modules, so it goes when the packages go. */
export const setupRecordPath = fileURLToPath(
  new URL('../../../node_modules/.onda/setup.json', import.meta.url),
);

/** Reads the record; null where the set-up has not run, or wrote what this version does not know. */
export function maybeSetupRecord(path: string): SetupRecord | null {
  try {
    const record = JSON.parse(readFileSync(path, 'utf8')) as SetupRecord & { format: number };
    return record.format === 1 ? record : null;
  } catch {
    return null;
  }
}

/**
 * Why a library must not be loaded. Its size and time are compared, and its bytes only when the time moved.
 *
 * @returns a clause such as `/cache/lib.so is damaged`, or null where it is what the set-up left
 */
export async function libraryProblem(file: LibraryFile): Promise<string | null> {
  const stat = statSync(file.path, { throwIfNoEntry: false });
  if (!stat) return `${file.path} is gone`;
  if (stat.size !== file.bytes)
    return `${file.path} is damaged (expected ${file.bytes} bytes, got ${stat.size})`;
  if (stat.mtimeMs === file.mtimeMs) return null;
  const hash = createHash('sha256');
  await pipeline(createReadStream(file.path, { highWaterMark: 1 << 20 }), hash);
  if (hash.digest('hex') !== file.sha256)
    return `${file.path} is damaged (its SHA-256 is not the one that was recorded)`;
  return null;
}

/**
 * What code compiled with -march=native may use on this machine. The same as in tools/setup/src/machine.mjs, which runs
 * before any package is there and so cannot share it.
 *
 * @returns 16 hexadecimal digits, or `unknown` where /proc/cpuinfo is not there
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
