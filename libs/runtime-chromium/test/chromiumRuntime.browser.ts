import { readFile } from 'node:fs/promises';
import { describeRuntime } from '@onda/runtime/testing';
import { describe, expect, it } from 'vitest';
import type { ChromiumRuntime } from '../src/index.ts';
import { createChromiumRuntime, findChromium } from '../src/index.ts';

const missing = findChromium() === null;
if (missing && process.env['CI'] === 'true') throw new Error('expected Chromium at ONDA_CHROMIUM, got none');

const fixture = new URL('../../../examples/models/lagged-sine/1/', import.meta.url);

describe.skipIf(missing)('in Chromium', () => {
  describeRuntime({
    name: 'onnxruntime-web, in a page of Chromium',
    createRuntime: () => createChromiumRuntime(),
    closeRuntime: (runtime) => (runtime as ChromiumRuntime).close(),
    loadFixture: (file) => readFile(new URL(file, fixture)),
  });

  it('says what it is', async () => {
    const runtime = await createChromiumRuntime();
    expect(runtime.name).toMatch(/^onnxruntime-web 1\.30\.0, Chromium [\d.]+$/);
    await runtime.close();
  });
});
