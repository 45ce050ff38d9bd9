import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { canTestInBrowser, launchChromium, openPage } from './chromium.ts';
import { readLine, readTable, setField, waitForEnd } from './drawn.ts';
import { exampleFile, generateInNode } from './nodeRuntime.ts';
import { serveSite } from './staticServer.ts';
import type { StaticSite } from './staticServer.ts';

/** float32 over 200 samples of a closed loop, wasm against native: the bound of the contract. */
const DRAWN_ATOL = 1e-5;

/** Paths have hundredths of a pixel, and a pixel of the picture is about a hundredth of a unit. */
const LINE_ATOL = 2e-4;

const shots = fileURLToPath(new URL('../test-results/', import.meta.url));

describe.skipIf(!canTestInBrowser())('the page in Chromium', () => {
  let site: StaticSite;
  let browser: Browser;

  beforeAll(async () => {
    mkdirSync(shots, { recursive: true });
    site = await serveSite();
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser.close();
    await site.close();
  });

  it('loads without an error, and generates by itself', async () => {
    const { page, problems } = await openPage(browser);
    await page.goto(site.url);
    await waitForEnd(page);
    expect(await page.title()).toBe('Onda: recurrent nets, trained in TypeScript, shipped as ONNX');
    expect(await page.locator('#drawn').textContent()).toBe('400 of 400');
    expect(await page.getByRole('img', { name: /400 values after a prompt of 20 samples/ }).count()).toBe(1);
    expect(problems).toEqual([]);
    await page.context().close();
  });

  it("draws the values that onnxruntime-node gives, in the table and in the picture's line", async () => {
    const { page, problems } = await openPage(browser, { reducedMotion: true });
    await page.goto(site.url);
    await waitForEnd(page);
    await setField(page, 'Samples', 200);
    await page.getByLabel('Show').selectOption('whole');
    await page.locator('#drawn', { hasText: '200 of 200' }).waitFor();
    const rows = await readTable(page);
    const prompt = rows.filter(({ part }) => part === 'fed').map(({ truth }) => truth);
    const net = rows.filter(({ part }) => part === 'net').map((row) => row.net);
    expect([prompt.length, net.length]).toEqual([20, 200]);
    prompt.forEach((value, index) => {
      expect(Math.abs(value - Math.sin((index * Math.PI) / 20))).toBeLessThan(DRAWN_ATOL);
    });
    const expected = await generateInNode(
      prompt.map((_, index) => Math.sin((index * Math.PI) / 20)),
      200,
    );
    const line = (await readLine(page)).slice(1);
    expect(line).toHaveLength(200);
    expected.forEach((value, index) => {
      expect(Math.abs(net[index] - value)).toBeLessThan(DRAWN_ATOL);
      expect(Math.abs(line[index] - value)).toBeLessThan(LINE_ATOL);
    });
    expect(problems).toEqual([]);
    await page.context().close();
  });

  it('draws the same while it runs, in pieces, from another phase and another length of prompt', async () => {
    const { page } = await openPage(browser);
    await page.goto(site.url);
    await page.locator('#speed').fill('90');
    await setField(page, 'Prompt', 33);
    await setField(page, 'Samples', 200);
    await page.getByRole('button', { name: 'New phase' }).click();
    await waitForEnd(page);
    const rows = await readTable(page);
    const prompt = rows.filter(({ part }) => part === 'fed').map(({ truth }) => truth);
    const phase = Number((await page.locator('#starts').textContent())?.replace('π', '')) * Math.PI;
    expect(prompt).toHaveLength(33);
    // The page writes the phase to two digits of pi.
    expect(Math.abs(prompt[0] - Math.sin(phase))).toBeLessThan(0.02);
    const expected = await generateInNode(prompt, 200);
    const net = rows.filter(({ part }) => part === 'net').map((row) => row.net);
    expect(net).toHaveLength(200);
    // The prompt is read back with six digits, so the loop starts up to 5e-7 apart; it may grow a little on the way.
    expected.forEach((value, index) => {
      expect(Math.abs(net[index] - value)).toBeLessThan(DRAWN_ATOL);
    });
    await page.context().close();
  });

  it('stops, continues and restarts', async () => {
    const { page } = await openPage(browser);
    await page.goto(site.url);
    const drawn = async (): Promise<number> =>
      parseInt((await page.locator('#drawn').textContent()) ?? '', 10);
    await expect.poll(drawn, { timeout: 20_000 }).toBeGreaterThan(10);
    await page.getByRole('button', { name: 'Stop' }).click();
    const stopped = await drawn();
    await page.waitForTimeout(400);
    expect(await drawn()).toBe(stopped);
    expect(await page.locator('#status').textContent()).toMatch(/^Stopped after \d+ samples\./);
    expect(await page.locator('#error-summary').textContent()).toContain(`over ${stopped} samples`);
    expect((await readTable(page)).filter(({ part }) => part === 'net')).toHaveLength(stopped);
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await expect.poll(drawn, { timeout: 20_000 }).toBeGreaterThan(stopped);
    await page.getByRole('button', { name: 'Restart' }).click();
    await expect.poll(drawn, { timeout: 20_000 }).toBeLessThan(stopped);
    await page.context().close();
  });

  it('is used by the keyboard alone', async () => {
    const { page } = await openPage(browser);
    await page.goto(site.url);
    await page.getByRole('button', { name: 'Stop' }).waitFor();
    const focus = (): Promise<string> =>
      page.evaluate(() => document.activeElement?.id ?? document.activeElement?.className ?? '');
    const order: string[] = [];
    for (let press = 0; press < 11; press++) {
      await page.keyboard.press('Tab');
      order.push((await focus()) || 'skip');
    }
    expect(order).toEqual([
      'skip',
      'model',
      'theme',
      'toggle',
      'restart',
      'phase',
      'samples',
      'prompt',
      'speed',
      'view',
      'chunk-on',
    ]);
    await page.keyboard.press('Enter');
    await page.locator('#chunk-name', { hasText: 'chunk 1' }).waitFor();
    await page.locator('#toggle').focus();
    await page.keyboard.press('Space');
    expect(await page.locator('#toggle').textContent()).toBe('Start');
    await page.locator('#speed').focus();
    await page.keyboard.press('End');
    expect(await page.locator('#speed').getAttribute('aria-valuetext')).toBe('4,000 a second');
    await page.context().close();
  });

  it('violates no rule of axe-core, light and dark, whole and with the table open', async () => {
    for (const dark of [false, true]) {
      const { page } = await openPage(browser, { dark, reducedMotion: true });
      await page.goto(site.url);
      await waitForEnd(page);
      await readTable(page);
      await page.addScriptTag({ path: fileURLToPath(import.meta.resolve('axe-core/axe.min.js')) });
      const violations = await page.evaluate(async () => {
        const { axe } = globalThis as unknown as {
          axe: { run: () => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
        };
        const result = await axe.run();
        return result.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
      });
      expect(violations).toEqual([]);
      await page.context().close();
    }
  });

  it('takes values of your own, and says what is wrong with them', async () => {
    const { page, problems } = await openPage(browser, { reducedMotion: true });
    await page.goto(site.url);
    await waitForEnd(page);
    await page.getByLabel('Values', { exact: true }).fill('0.1\ntwo');
    await page.getByRole('button', { name: 'Continue these' }).click();
    expect(await page.locator('#own-problem').textContent()).toBe(
      'values: line 2: expected a number, got "two"; correct it or remove the line',
    );
    await page.getByLabel('Values', { exact: true }).fill('0.1 0.2 0.3 0.4');
    await page.getByRole('button', { name: 'Continue these' }).click();
    await page.locator('#truth-name', { hasText: 'your values' }).waitFor();
    await waitForEnd(page);
    expect(await page.locator('#own-problem').textContent()).toBe('');
    const rows = await readTable(page);
    const expected = await generateInNode([0.1, 0.2], 3);
    const net = rows.filter(({ part }) => part === 'net').slice(0, 3);
    expect(net.map(({ truth }) => truth.toFixed(6))).toEqual(['0.300000', '0.400000', '0.000000']);
    net.forEach((row, index) => {
      expect(Math.abs(row.net - expected[index])).toBeLessThan(DRAWN_ATOL);
    });
    expect(problems).toEqual([]);
    await page.context().close();
  });

  it('says in one sentence what is wrong with a damaged model, and opens another', async () => {
    const bytes = await exampleFile('model.onnx');
    const manifest = await exampleFile('onda.json');
    const damaged = await serveSite({
      'models/index.json': JSON.stringify({
        models: [
          { name: 'damaged', version: 1, ready: true, files: 'models/damaged/' },
          { name: 'lagged-sine', version: 1, ready: true, files: 'models/lagged-sine/1/' },
        ],
      }),
      'models/damaged/onda.json': manifest,
      'models/damaged/model.onnx': bytes.slice(0, 3000),
    });
    const { page, problems } = await openPage(browser);
    await page.goto(damaged.url);
    const notice = page.getByRole('alert').filter({ hasText: 'model.onnx' });
    await notice.waitFor();
    expect(await page.locator('#notice-text').textContent()).toMatch(
      /^model\.onnx: expected SHA-256 [0-9a-f]{12}… as in onda\.json, got [0-9a-f]{12}…; the file is damaged or of another export, export the model again\.$/,
    );
    await page.screenshot({ path: `${shots}damaged.png` });
    await page.locator('#model').selectOption('lagged-sine');
    await page.getByRole('button', { name: 'Stop' }).waitFor();
    expect(await notice.isVisible()).toBe(false);
    expect(problems).toEqual([]);
    await page.context().close();
    await damaged.close();
  });

  it('says so when there is no list of models, or no worker', async () => {
    const empty = await serveSite({ 'models/index.json': null });
    const { page } = await openPage(browser);
    await page.goto(empty.url);
    await page.getByText('/models/index.json: expected the list of models, got status 404').waitFor();
    await page.context().close();
    await empty.close();
  });

  it('draws a model of other data: yearly sunspots with the hold-out years', async () => {
    const manifest = JSON.parse(new TextDecoder().decode(await exampleFile('onda.json'))) as Record<
      string,
      unknown
    >;
    const data = {
      kind: 'csv',
      file: 'data/sunspots-yearly.csv',
      columns: ['SUNACTIVITY'],
      holdout: 30,
      samples: 31,
    };
    const training = {
      config: { data, training: { carry: true } },
      seed: 0,
      backend: 'cpu',
      versions: {},
      dataSha256: '0'.repeat(64),
      steps: 600,
      finalLoss: 0.1,
    };
    const other = await serveSite({
      'models/lagged-sine/1/onda.json': JSON.stringify({ ...manifest, name: 'sunspots', training }),
    });
    const { page, problems } = await openPage(browser, { reducedMotion: true });
    await page.goto(other.url);
    await waitForEnd(page);
    expect(await page.locator('#truth-name').textContent()).toBe('SUNACTIVITY');
    expect(await page.locator('#starts').textContent()).toBe('row 260');
    expect(await page.locator('#drawn').textContent()).toBe('50 of 50');
    const rows = await readTable(page);
    // 1979, the first year of the hold-out.
    expect(rows[20].truth).toBeCloseTo(155.4, 3);
    expect(problems).toEqual([]);
    await page.evaluate('scrollTo(0, 0)');
    await page.screenshot({ path: `${shots}sunspots.png` });
    await page.context().close();
    await other.close();
  });

  it.each([
    { name: 'desktop', width: 1280, height: 800, dark: false },
    { name: 'desktop-dark', width: 1280, height: 800, dark: true },
    { name: 'phone', width: 390, height: 844, dark: false },
    { name: 'phone-dark', width: 390, height: 844, dark: true },
  ])('fits its screen, $name', async ({ name, width, height, dark }) => {
    const { page } = await openPage(browser, { width, height, dark });
    await page.goto(site.url);
    await page
      .locator('#drawn')
      .filter({ hasText: /^(7\d|8\d|9\d) of/ })
      .waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.screenshot({ path: `${shots}${name}.png` });
    await page.screenshot({ path: `${shots}${name}-full.png`, fullPage: true });
    const widest = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(widest).toBeLessThanOrEqual(width);
    await page.context().close();
  });
});
