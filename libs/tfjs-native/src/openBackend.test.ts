import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getBackend, tensor1d } from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MissingError } from '@onda/contract';
import { openBackend, restoreUtilFunctions, wantedByEnvironment } from './openBackend.ts';
import type { SetupRecord } from './setupRecord.ts';
import { findSetupRecord, libraryProblem, maybeSetupRecord } from './setupRecord.ts';

let folder: string;
let recordPath: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'onda-backend-'));
  recordPath = join(folder, 'setup.json');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function writeRecord(fields: Partial<SetupRecord>): void {
  const base = {
    backend: 'wasm',
    missing: null,
    addon: null,
    kernels: null,
    kernelsMissing: null,
    files: [],
  };
  writeFileSync(recordPath, JSON.stringify({ format: 1, ...base, ...fields }));
}

/** A fake library of 12 bytes and its record. */
function library(): { path: string; bytes: number; mtimeMs: number; sha256: string } {
  const path = join(folder, 'lib.so');
  writeFileSync(path, 'machine code');
  const sha256 = createHash('sha256').update('machine code').digest('hex');
  return { path, bytes: 12, mtimeMs: statSync(path).mtimeMs, sha256 };
}

async function opened(want?: 'auto'): Promise<{ name: string; lines: string[] }> {
  const lines: string[] = [];
  const { name } = await openBackend({
    recordPath,
    log: (line) => lines.push(line),
    ...(want ? { want } : {}),
  });
  return { name, lines };
}

describe(openBackend, () => {
  it("opens the wasm backend, TF.js's cpu backend with our kernels, without the advert for tfjs-node", async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue(undefined);
    expect(await openBackend({ want: 'wasm' })).toEqual({ name: 'wasm', version: '4.22.0' });
    expect(getBackend()).toBe('cpu');
    expect(await tensor1d([1, 2]).data()).toEqual(new Float32Array([1, 2]));
    expect(warn).not.toHaveBeenCalled();
  });

  it('falls back to wasm and says what the set-up could not install', async () => {
    const missing = { what: 'there is no pip', cost: 'Training is slower.', remedy: 'get pip' };
    writeRecord({ missing });
    expect(await opened('auto')).toEqual({
      name: 'wasm',
      lines: [
        'TensorFlow is not used: there is no pip. Training is slower. Remedy: get pip; then npm run setup.',
      ],
    });
  });

  it('falls back to wasm if the set-up has not run', async () => {
    expect(await opened('auto')).toEqual({
      name: 'wasm',
      lines: [
        'TensorFlow is not used: the set-up has not run in this workspace. Training runs on the WebAssembly kernels, which are slower for wide networks. Remedy: install what is missing; then npm run setup.',
      ],
    });
  });

  it('does not load a library that differs from the record', async () => {
    const file = library();
    writeRecord({ backend: 'tensorflow', addon: file.path, files: [file] });
    truncateSync(file.path, 5);
    expect((await opened('auto')).lines).toEqual([
      `TensorFlow is not used: ${file.path} is damaged (expected 12 bytes, got 5). Training runs on the WebAssembly kernels, which are slower for wide networks. Remedy: install what is missing; then npm run setup.`,
    ]);
  });

  it('falls back to wasm without the library of TensorFlow', async () => {
    const file = library();
    writeRecord({ backend: 'tensorflow', addon: file.path, files: [file] });
    rmSync(file.path);
    expect((await opened('auto')).lines).toEqual([
      `TensorFlow is not used: ${file.path} is missing. Training runs on the WebAssembly kernels, which are slower for wide networks. Remedy: install what is missing; then npm run setup.`,
    ]);
  });

  it('falls back to wasm without native kernels, which training needs on TensorFlow', async () => {
    const file = library();
    writeRecord({ backend: 'tensorflow', addon: file.path, files: [file] });
    expect((await opened('auto')).lines).toEqual([
      'TensorFlow is not used: the native kernels are not compiled. Training runs on the WebAssembly kernels, which are slower for wide networks. Remedy: install what is missing; then npm run setup.',
    ]);
  });

  it('throws if TensorFlow is requested and unavailable', async () => {
    writeRecord({ missing: { what: 'there is no pip', cost: 'Training is slower.', remedy: 'get pip' } });
    await expect(openBackend({ want: 'tensorflow', recordPath })).rejects.toThrow(
      new MissingError(
        'backend: expected tensorflow as requested, but there is no pip. Remedy: get pip; then npm run setup.',
      ),
    );
  });
});

const ownRecord = findSetupRecord();

describe.runIf(ownRecord !== null)('openBackend with a damaged addon', () => {
  // A separate process: a loaded addon cannot be unloaded.
  const open = (addon: string, want: string): { stdout: string; stderr: string } => {
    const script = fileURLToPath(new URL('./testing/openWithAddon.ts', import.meta.url));
    const { stdout, stderr, status } = spawnSync(process.execPath, ['--import', 'tsx', script, addon, want], {
      encoding: 'utf8',
    });
    expect(status, stderr).toBe(0);
    return { stdout, stderr };
  };

  it('falls back to wasm without the addon', () => {
    const { stdout, stderr } = open(join(folder, 'gone.node'), 'auto');
    expect(stdout).toBe('wasm\n');
    expect(stderr).toMatch(/^TensorFlow is not used: the addon of tfjs-node cannot be loaded \(/);
  });

  it('falls back to wasm with an addon that is cut off in its header', () => {
    const addon = join(folder, 'cut.node');
    writeFileSync(addon, readFileSync(maybeSetupRecord(ownRecord ?? '')?.addon ?? '').subarray(0, 40));
    const { stdout, stderr } = open(addon, 'auto');
    expect(stdout).toBe('wasm\n');
    expect(stderr).toMatch(/^TensorFlow is not used: the addon of tfjs-node cannot be loaded \(/);
  });

  it('throws if TensorFlow is requested', () => {
    const { stdout } = open(join(folder, 'gone.node'), 'tensorflow');
    expect(stdout).toMatch(/^backend: expected tensorflow as requested, but the addon of tfjs-node cannot/);
  });
});

describe(wantedByEnvironment, () => {
  it('rejects an unknown value, and the former name cpu', () => {
    expect(() => wantedByEnvironment('cpu')).toThrow(
      'ONDA_BACKEND: expected tensorflow, wasm or auto, got "cpu"',
    );
    expect(wantedByEnvironment('wasm')).toBe('wasm');
    expect(wantedByEnvironment(undefined)).toBe('auto');
    expect(() => wantedByEnvironment('gpu')).toThrow(
      'ONDA_BACKEND: expected tensorflow, wasm or auto, got "gpu"; unset it to use TensorFlow where available',
    );
  });
});

describe(libraryProblem, () => {
  it('accepts an unchanged file and detects other bytes of the same length', async () => {
    const file = library();
    expect(await libraryProblem(file)).toBeNull();
    expect(await libraryProblem({ ...file, mtimeMs: 0 })).toBeNull();
    expect(await libraryProblem({ ...file, mtimeMs: 0, sha256: 'other' })).toBe(
      `${file.path} is damaged (its SHA-256 differs from the record)`,
    );
    rmSync(file.path);
    expect(await libraryProblem(file)).toBe(`${file.path} is missing`);
  });
});

describe(findSetupRecord, () => {
  it('finds the record of the project that has installed the package', () => {
    const project = join(folder, 'project');
    const installed = join(project, 'node_modules', '@onda', 'tfjs-native', 'src');
    const record = join(project, 'node_modules', '.onda', 'setup.json');
    mkdirSync(installed, { recursive: true });
    expect(findSetupRecord(installed)).toBeNull();
    mkdirSync(dirname(record));
    writeFileSync(record, '{}');
    expect(findSetupRecord(installed)).toBe(record);
  });
});

describe(maybeSetupRecord, () => {
  it('is null for another format', () => {
    writeFileSync(recordPath, '{"format": 2}');
    expect(maybeSetupRecord(recordPath)).toBeNull();
    writeFileSync(recordPath, '{"format"');
    expect(maybeSetupRecord(recordPath)).toBeNull();
  });
});

describe(restoreUtilFunctions, () => {
  it('restores the functions that tfjs-node calls', () => {
    const util: Record<string, (value: unknown) => boolean> = {};
    restoreUtilFunctions(util);
    const nullish = [null, undefined, 0, ''].map((value) => util['isNullOrUndefined'](value));
    expect(nullish).toEqual([true, true, false, false]);
    expect([[], {}].map((value) => util['isArray'](value))).toEqual([true, false]);
  });
});
