import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MissingError } from '@onda/contract';
import { getBackend, tensor1d } from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openBackend, wantedByEnvironment } from './openBackend.ts';
import { libraryProblem, maybeSetupRecord } from './setupRecord.ts';
import type { SetupRecord } from './setupRecord.ts';

let folder: string;
let recordPath: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'onda-backend-'));
  recordPath = join(folder, 'setup.json');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function record(news: Partial<SetupRecord>): void {
  const base = { backend: 'cpu', missing: null, addon: null, kernels: null, kernelsMissing: null, files: [] };
  writeFileSync(recordPath, JSON.stringify({ format: 1, ...base, ...news }));
}

/** A made-up library of 12 bytes with its record. */
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
  it('opens the JavaScript backend without its advert', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue(undefined);
    expect(await openBackend({ want: 'cpu' })).toEqual({ name: 'cpu', kernels: false, version: '4.22.0' });
    expect(getBackend()).toBe('cpu');
    expect(await tensor1d([1, 2]).data()).toEqual(new Float32Array([1, 2]));
    expect(warn).not.toHaveBeenCalled();
  });

  it('falls back and says what the set-up could not bring in', async () => {
    const missing = { what: 'there is no pip', cost: 'Training is slower.', remedy: 'get pip' };
    record({ missing });
    expect(await opened('auto')).toEqual({
      name: 'cpu',
      lines: [
        'TensorFlow is not used: there is no pip. Training is slower. Remedy: get pip; then npm run setup.',
      ],
    });
  });

  it('falls back where the set-up has not run', async () => {
    expect(await opened('auto')).toEqual({
      name: 'cpu',
      lines: [
        "TensorFlow is not used: the set-up has not run in this workspace. Training runs on TensorFlow.js's JavaScript backend. Remedy: bring it in; then npm run setup.",
      ],
    });
  });

  it('never loads a library that is not what the set-up left', async () => {
    const file = library();
    record({ backend: 'tensorflow', addon: file.path, files: [file] });
    truncateSync(file.path, 5);
    expect((await opened('auto')).lines).toEqual([
      `TensorFlow is not used: ${file.path} is damaged (expected 12 bytes, got 5). Training runs on TensorFlow.js's JavaScript backend. Remedy: bring it in; then npm run setup.`,
    ]);
  });

  it('fails where TensorFlow is asked for and cannot be had', async () => {
    record({ missing: { what: 'there is no pip', cost: 'Training is slower.', remedy: 'get pip' } });
    await expect(openBackend({ want: 'tensorflow', recordPath })).rejects.toThrow(
      new MissingError(
        'TensorFlow is asked for as the backend and cannot be had: there is no pip. Remedy: get pip; then npm run setup.',
      ),
    );
  });
});

describe(wantedByEnvironment, () => {
  it('refuses an unknown word', () => {
    expect(wantedByEnvironment('cpu')).toBe('cpu');
    expect(wantedByEnvironment(undefined)).toBe('auto');
    expect(() => wantedByEnvironment('gpu')).toThrow(
      'ONDA_BACKEND: expected tensorflow, cpu or auto, got "gpu"; leave it out to take TensorFlow where it can be had.',
    );
  });
});

describe(libraryProblem, () => {
  it('accepts what did not change, and finds other bytes of the same length', async () => {
    const file = library();
    expect(await libraryProblem(file)).toBeNull();
    expect(await libraryProblem({ ...file, mtimeMs: 0 })).toBeNull();
    expect(await libraryProblem({ ...file, mtimeMs: 0, sha256: 'other' })).toBe(
      `${file.path} is damaged (its SHA-256 is not the one that was recorded)`,
    );
    rmSync(file.path);
    expect(await libraryProblem(file)).toBe(`${file.path} is gone`);
  });
});

describe(maybeSetupRecord, () => {
  it('is null for what it does not know', () => {
    writeFileSync(recordPath, '{"format": 2}');
    expect(maybeSetupRecord(recordPath)).toBeNull();
    writeFileSync(recordPath, '{"format"');
    expect(maybeSetupRecord(recordPath)).toBeNull();
  });
});
