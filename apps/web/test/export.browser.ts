import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canTestInBrowser, launchChromium, openPage } from './chromium.ts';
import { runFileInNode } from './nodeRuntime.ts';
import { startOndaServer } from './ondaServer.ts';
import type { PickedFile } from './savedModel.ts';
import { expectedValues, savedModel } from './savedModel.ts';
import { serveSite } from './staticServer.ts';
import type { StaticSite } from './staticServer.ts';

/** float32 against float64 over five samples of one unit. */
const ATOL = 1e-6;
const shots = fileURLToPath(new URL('../test-results/', import.meta.url));
const samples = [0.5, -1, 2, 0, 0.25];

/** The origin of the page: any static host, or the Onda server with its security headers. */
const hosts = [
  { name: 'a static host', start: () => serveSite() },
  { name: 'the Onda server', start: () => startOndaServer() },
] as const;

async function choose(page: Page, files: readonly PickedFile[]): Promise<void> {
  await page.getByLabel('Choose the files').setInputFiles([...files]);
}

/** Drops files on the card, as from a file manager. */
async function drop(page: Page, files: readonly PickedFile[]): Promise<void> {
  const contents = files.map(({ name, buffer }) => ({ name, bytes: [...buffer] }));
  const dropped = await page.evaluateHandle((given) => {
    const transfer = new DataTransfer();
    for (const { name, bytes } of given) transfer.items.add(new File([Uint8Array.from(bytes)], name));
    return transfer;
  }, contents);
  await page.locator('#export-form').dispatchEvent('drop', { dataTransfer: dropped });
}

async function download(page: Page): Promise<Buffer> {
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: /^Download model\.onnx \(\d/ }).click(),
  ]);
  expect(file.suggestedFilename()).toBe('model.onnx');
  return readFile(await file.path());
}

async function expectValues(bytes: Uint8Array, states: Record<string, number>): Promise<void> {
  const float = (dims: number[], values: readonly number[]) => ({
    type: 'float32' as const,
    dims,
    data: Float32Array.from(values),
  });
  const given = Object.entries(states).map(([name, value]) => [name, float([1, 1], [value])] as const);
  const results = await runFileInNode(bytes, {
    rnn_input: float([1, samples.length, 1], samples),
    ...Object.fromEntries(given),
  });
  const expected = expectedValues(samples);
  expect(results['rnn']).toHaveLength(samples.length);
  expected.forEach((value, index) => {
    expect(Math.abs(results['rnn'][index] - value)).toBeLessThan(ATOL);
  });
  if ('state_in' in states) expect(Math.abs(results['state_out'][0] - expected[4])).toBeLessThan(ATOL);
}

describe.skipIf(!canTestInBrowser()).each(hosts)('the export card of the page from $name', ({ start }) => {
  let host: Awaited<ReturnType<typeof start>>;
  let browser: Browser;

  beforeAll(async () => {
    mkdirSync(shots, { recursive: true });
    host = await start();
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser.close();
    await host.close();
  });

  it('turns chosen files into an ONNX file that gives the values of the model', async () => {
    const { page, problems } = await openPage(browser, { reducedMotion: true });
    await page.goto(host.url);
    await choose(page, savedModel());
    await page.locator('#export-line', { hasText: /^Exported in \d+ ms\.$/ }).waitFor();
    await expectValues(await download(page), {});
    expect(await page.locator('#export-warnings li').allTextContents()).toEqual([
      'node "rnn" (RNN): the WebGPU provider runs it on the CPU, as it has no RNN; train an LSTM or a GRU',
    ]);
    await page.getByText('What is in it').click();
    expect(await page.locator('#export-summary').textContent()).toMatch(
      /^onnx IR 8, opset 17, .*\ngraph own \(/,
    );
    expect(problems).toEqual([]);
    await page.context().close();
  });

  it('accepts dropped files, and exports states on request', async () => {
    const { page, problems } = await openPage(browser, { reducedMotion: true });
    await page.goto(host.url);
    await drop(page, [...savedModel()].reverse());
    await page.locator('#export-line', { hasText: 'Exported in' }).waitFor();
    await page.getByLabel('States as input and output').check();
    await page.locator('#export-summary', { hasText: 'state_in' }).waitFor({ state: 'attached' });
    await expectValues(await download(page), { state_in: 0 });
    expect(problems).toEqual([]);
    await page.context().close();
  });

  it('says in one sentence what is wrong with files, and takes the last result away', async () => {
    const { page, problems } = await openPage(browser, { reducedMotion: true });
    await page.goto(host.url);
    const [document, weights] = savedModel();
    await choose(page, [document, weights]);
    await page.getByRole('link', { name: 'Download model.onnx' }).waitFor();
    const bad: [files: PickedFile[], sentence: RegExp][] = [
      [
        [document],
        /^model\.json: expected its weight file model\.weights\.bin too, got 0 other files without it; choose them all at once$/,
      ],
      [
        [weights],
        /^files: expected one model\.json with its weight files, got 0 JSON files among 1; choose them all at once$/,
      ],
      [
        [document, { ...weights, buffer: weights.buffer.subarray(4) }],
        /^model weights: expected 12 bytes as the weight specs say, got 8; the file is damaged or cut short, save the model again$/,
      ],
      [
        [{ ...document, buffer: Buffer.from('{') }, weights],
        /^model\.json: not JSON: .*; pass a model\.json saved by TensorFlow\.js$/,
      ],
      [
        savedModel('Mystery'),
        /^layer "rnn": Mystery is not supported: the exporter does not know this class; use a layer listed in its README$/,
      ],
    ];
    for (const [files, sentence] of bad) {
      await choose(page, files);
      await page.locator('#export-problem', { hasText: sentence }).waitFor();
      expect(await page.locator('#export-result').isVisible()).toBe(false);
    }
    await choose(page, [document, weights]);
    await page.getByRole('link', { name: 'Download model.onnx' }).waitFor();
    expect(await page.locator('#export-problem').textContent()).toBe('');
    // As a folder that is dropped is read.
    await page.evaluate('Blob.prototype.arrayBuffer = () => Promise.reject(new Error("not a file"))');
    await drop(page, [{ ...document, name: 'folder' }]);
    await page
      .getByText('folder: cannot be read as a file; choose model.json and its weight files, not their folder')
      .waitFor();
    expect(await page.locator('#export-result').isVisible()).toBe(false);
    expect(problems).toEqual([]);
    await page.context().close();
  });
});

describe.skipIf(!canTestInBrowser())('the export card', () => {
  let host: StaticSite;
  let browser: Browser;

  beforeAll(async () => {
    mkdirSync(shots, { recursive: true });
    host = await serveSite();
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser.close();
    await host.close();
  });

  it.each([
    { name: 'export', width: 1280, dark: false },
    { name: 'export-dark', width: 1280, dark: true },
    { name: 'export-phone', width: 390, dark: false },
    { name: 'export-phone-dark', width: 390, dark: true },
  ])('fits its screen with a result, $name', async ({ name, width, dark }) => {
    const { page } = await openPage(browser, { width, dark, reducedMotion: true });
    await page.goto(host.url);
    await choose(page, savedModel());
    await page.getByText('What is in it').click();
    await page.locator('.export').screenshot({ path: `${shots}${name}.png` });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    await choose(page, savedModel('Mystery'));
    await page.locator('#export-problem:not(:empty)').waitFor();
    await page.locator('.export').screenshot({ path: `${shots}${name}-problem.png` });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    await page.context().close();
  });
});
