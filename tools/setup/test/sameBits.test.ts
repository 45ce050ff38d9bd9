import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium, launchChromium } from '@onda/runtime-chromium';
import { nodeBinary } from './nodeBinary.ts';

const run = promisify(execFile);

/** The result on every engine and processor; it changes with the core, the nets or the training loop. */
const expected = [
  '1166d330668a80d60222c3f170f63a2351bd0b1fcdad08d5afee66c6ae38d798',
  'cfa24c44a70a687b306d5763032c6aea44ef189e4ead184ce99b52d23cd25a64',
  '172aa6efce4c4b73e250a18768fe260915eaac13a6ab9579741ca29ca3d02373',
  'a45d93d979218d8961c8b5787d8e78e2d7b7b81e78324d5bad11ac286769b3a9',
];

let folder: string;
const programFor = (platform: string): string => path.join(folder, `${platform}.mjs`);

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'onda-bits-'));
  for (const platform of ['node', 'browser'] as const) {
    await build({
      entryPoints: [path.join(import.meta.dirname, 'sameBitsProgram.ts')],
      outfile: programFor(platform),
      bundle: true,
      format: 'esm',
      platform,
      logLevel: 'silent',
      // TensorFlow.js calls require in Node.
      ...(platform === 'node' && {
        banner: {
          js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
        },
      }),
    });
  }
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('1,000 training steps and 1,000,000 generated samples in WebAssembly', () => {
  it
    .runIf(process.platform === 'linux' && process.arch === 'x64')
    .each(['20.19.0', '22.12.0', '24.21.0', '26.12.1'])('have the same bits on Node %s', async (version) => {
    const script = `import { hashes } from ${JSON.stringify(programFor('node'))}; console.log(JSON.stringify(await hashes()));`;
    const { stdout } = await run(await nodeBinary(version), ['--input-type=module', '-e', script]);
    expect(JSON.parse(stdout)).toEqual(expected);
  });

  it.runIf(findChromium() !== null)('have the same bits in Chromium', async () => {
    const browser = await launchChromium();
    try {
      const page = await browser.newPage();
      // A secure origin: crypto.subtle is missing on others.
      await page.route('http://localhost/**', (route) =>
        route.request().url().endsWith('.mjs')
          ? route.fulfill({
              contentType: 'text/javascript',
              body: readFileSync(programFor('browser'), 'utf8'),
            })
          : route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }),
      );
      await page.goto('http://localhost/');
      const result = await page.evaluate("import('/program.mjs').then(({ hashes }) => hashes())");
      expect(result).toEqual(expected);
    } finally {
      await browser.close();
    }
  });
});
