import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FileRecord } from './fileRecord.ts';
import { writeFileAtomic } from './files.mjs';

/** Why a part is missing: `what` and `remedy` are clauses, `cost` is a sentence. */
export interface MissingDetails {
  what: string;
  cost: string;
  remedy: string;
}

/** The result of the set-up for the programs, in node_modules/.onda/setup.json. libs/tfjs-native reads it before it loads a library. */
export interface SetupRecord {
  format: 1;
  /** The fastest backend for training that is installed. */
  backend: 'tensorflow' | 'wasm';
  /** Why TensorFlow is missing. */
  missing: MissingDetails | null;
  /** Folder with include/ and lib/. */
  tensorflowDir: string | null;
  tensorflowVersion: string | null;
  /** Path of tfjs-node's addon. */
  addon: string | null;
  /** Path of the native kernels. */
  kernels: string | null;
  kernelsSha256: string | null;
  /** Why the native kernels are missing. */
  kernelsMissing: MissingDetails | null;
  /** The CPU that the kernels were compiled for, as `cpuKey` gives it. */
  cpu: string;
  /** Every library that is loaded; it is compared before that. */
  files: FileRecord[];
  /** Python with onnx, onnxruntime and numpy, for the tests. */
  python: string | null;
  /** Python with clients of the service, for the tests. */
  clientsPython: string | null;
  /** Python with the schemas of the files in deploy/, for the tests. */
  deployPython: string | null;
  /** Python with a Triton server, for the tests. */
  tritonPython: string | null;
  /** Browser, for the tests. */
  chromium: string | null;
  /** Redis server, for the tests. */
  redis: string | null;
  /** Load balancer, for the tests. */
  haproxy: string | null;
}

const emptyRecord: SetupRecord = {
  format: 1,
  backend: 'wasm',
  missing: null,
  tensorflowDir: null,
  tensorflowVersion: null,
  addon: null,
  kernels: null,
  kernelsSha256: null,
  kernelsMissing: null,
  cpu: 'unknown',
  files: [],
  python: null,
  clientsPython: null,
  deployPython: null,
  tritonPython: null,
  chromium: null,
  redis: null,
  haproxy: null,
};

/** The last record; an empty one where it is missing or unreadable. */
export function readSetupRecord(root: string): SetupRecord {
  try {
    const record = JSON.parse(readText(root)) as Partial<SetupRecord>;
    if (record.format !== 1) return { ...emptyRecord };
    const known = Object.entries(record).filter(([key]) => key in emptyRecord);
    return { ...emptyRecord, ...Object.fromEntries(known) };
  } catch {
    return { ...emptyRecord };
  }
}

/** Writes the changed fields; the others keep their values. */
export function updateSetupRecord(root: string, changes: Partial<SetupRecord>): SetupRecord {
  const record = { ...readSetupRecord(root), ...changes };
  const text = `${JSON.stringify(record, null, 2)}\n`;
  if (text !== readText(root)) writeFileAtomic(recordPath(root), text);
  return record;
}

/** In node_modules, so that it is removed together with the packages. */
function recordPath(root: string): string {
  return join(root, 'node_modules', '.onda', 'setup.json');
}

function readText(root: string): string {
  try {
    return readFileSync(recordPath(root), 'utf8');
  } catch {
    return '';
  }
}
