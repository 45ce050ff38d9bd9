import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, describe, it } from 'vitest';
import type { WasmRecord } from '../scripts/wasmBuild.ts';
import { compile, compilerInstalled, sha256, wantedRecord } from '../scripts/wasmBuild.ts';
import { kernelsBase64 } from '../src/kernelsBase64.ts';

const folder = path.resolve(import.meta.dirname, '..');
const wasm = readFileSync(path.join(folder, 'kernels.wasm'));
const record = JSON.parse(readFileSync(path.join(folder, 'kernels.json'), 'utf8')) as WasmRecord;

describe('kernels.wasm', () => {
  it('was built from the present sources (else: npm run build:kernels)', () => {
    expect(record).toEqual({ ...wantedRecord(), wasm: sha256(wasm), bytes: wasm.length });
  });

  it('has the bytes that the package carries as text', () => {
    expect(sha256(Buffer.from(kernelsBase64, 'base64'))).toBe(record.wasm);
  });

  it('imports nothing, and has no relaxed SIMD', () => {
    const module = new WebAssembly.Module(wasm);
    expect(WebAssembly.Module.imports(module)).toEqual([]);
    expect(record.flags.join(' ')).not.toMatch(/relaxed|fast-math|ffp-contract/);
  });

  // Where npm run build:kernels has installed the compiler; its first run also compiles the C and C++ libraries, for a minute.
  it.runIf(compilerInstalled())(
    'has the bytes that a new build gives',
    async () => {
      const built = mkdtempSync(path.join(tmpdir(), 'onda-kernels-'));
      try {
        const file = path.join(built, 'kernels.wasm');
        await compile(file);
        expect(sha256(readFileSync(file))).toBe(record.wasm);
      } finally {
        rmSync(built, { recursive: true });
      }
    },
    300_000,
  );
});
