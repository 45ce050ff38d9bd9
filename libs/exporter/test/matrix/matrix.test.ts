import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { matrixFamilies as families } from './families/matrixFamilies.ts';
import { matrixSize } from './matrixSize.ts';
import { browserProblems, canTestInBrowser } from './browser.ts';
import { checkInPython, findCheckerPython } from './python.ts';
import { runCase } from './runCase.ts';

const { cases, seed } = matrixSize(process.env);
const shares = families.reduce((sum, { share }) => sum + share, 0);
/** Files and values of every case, for the runtimes after the first. */
const folder = mkdtempSync(path.join(tmpdir(), 'onda-matrix-'));

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('exported models give the values of TensorFlow.js', () => {
  it.each(families)('$name', async (family) => {
    let count = 0;
    // fast-check makes a failing model smaller and prints it with the seed.
    await fc.assert(
      fc.asyncProperty(family.plan, (plan) =>
        runCase(family, plan, folder, `${family.name.replaceAll(' ', '-')}-${++count}`),
      ),
      { seed, numRuns: Math.max(1, Math.round((cases * family.share) / shares)) },
    );
    expect(count).toBeGreaterThan(0);
  });
});

describe("the same files in Python's ONNX Runtime", () => {
  const python = findCheckerPython(process.env);

  it.skipIf(python === null)('pass onnx.checker and give the same values', () => {
    const { code, lines } = checkInPython(python ?? '', folder);
    console.info(lines.at(-1));
    expect(lines.slice(0, -1)).toEqual([]);
    expect(code).toBe(0);
  });
});

describe('the same files in Chromium, by onnxruntime-web', () => {
  it.skipIf(!canTestInBrowser(process.env))('give the same values', async () => {
    expect(await browserProblems(folder)).toEqual([]);
  });
});
