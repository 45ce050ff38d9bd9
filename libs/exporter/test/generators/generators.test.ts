import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
// The browser runs are driven from Node, which the exporter itself does not depend on.
// eslint-disable-next-line @nx/enforce-module-boundaries
import { createChromiumRuntime } from '@onda/runtime-chromium';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canTestInBrowser } from '../matrix/browser.ts';
import { findCheckerPython } from '../matrix/python.ts';
import { difference } from '../support/onnxRuntime.ts';
import type { GeneratorRun, PlainTensor } from './generatorFiles.ts';
import { writeGenerators } from './generatorFiles.ts';

/** 20 samples of closed loop by other builds of the same kernels, values of about 1; one other draw is off by 0.1 and more. */
const ATOL = 1e-5;

const folder = mkdtempSync(path.join(tmpdir(), 'onda-generators-'));
let count = 0;

beforeAll(async () => {
  count = await writeGenerators(folder);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('generators in other runtimes', () => {
  const python = findCheckerPython(process.env);

  it.skipIf(python === null)(
    "give the same values and draws in Python's ONNX Runtime, and pass onnx.checker",
    () => {
      const script = fileURLToPath(new URL('check_generators.py', import.meta.url));
      const { stdout, stderr } = spawnSync(python ?? '', [script, folder, String(ATOL)], {
        encoding: 'utf8',
      });
      expect(`${stdout}${stderr}`.trim()).toBe(`${count} generators`);
    },
  );

  it.skipIf(!canTestInBrowser(process.env))('give the same values and draws in Chromium', async () => {
    const runtime = await createChromiumRuntime();
    try {
      const files = readdirSync(folder).filter((name) => name.endsWith('.onnx'));
      expect(files).toHaveLength(count);
      for (const file of files) {
        const text = readFileSync(path.join(folder, file.replace(/onnx$/, 'json')), 'utf8');
        const { feeds, expected } = JSON.parse(text) as GeneratorRun;
        const session = await runtime.createSession(readFileSync(path.join(folder, file)));
        const fed = Object.entries(feeds).map(([name, value]) => [name, typed(value)]);
        const results = await session.run(Object.fromEntries(fed) as Parameters<typeof session.run>[0]);
        for (const [name, { dims, data }] of Object.entries(expected)) {
          expect(results[name].dims, `${file}: ${name}`).toEqual(dims);
          const off = difference(results[name].data as Float32Array, data);
          expect(off, `${file}: ${name}`).toBeLessThanOrEqual(ATOL);
        }
        await session.release();
      }
    } finally {
      await runtime.close();
    }
  });
});

function typed({ type, dims, data }: PlainTensor): object {
  return type === 'int64'
    ? { type, dims, data: BigInt64Array.from(data.map(BigInt)) }
    : { type, dims, data: Float32Array.from(data) };
}
