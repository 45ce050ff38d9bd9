import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { canTestInBrowser, launchChromium, openPage } from './chromium.ts';
import { readTable, waitForEnd } from './drawn.ts';
import { generateInNode } from './nodeRuntime.ts';
import { startOndaServer } from './ondaServer.ts';
import type { OndaServer } from './ondaServer.ts';

/** float32 over 200 samples of a closed loop, wasm against native: the bound of the contract. */
const DRAWN_ATOL = 1e-5;

describe.skipIf(!canTestInBrowser())('the page of the Onda server in Chromium', () => {
  let server: OndaServer;
  let browser: Browser;

  beforeAll(async () => {
    server = await startOndaServer();
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  it("loads the server's model under its security headers, and draws what onnxruntime-node gives", async () => {
    const { page, problems } = await openPage(browser, { reducedMotion: true });
    const asked: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await page.goto(server.url);
    await waitForEnd(page);
    expect(problems).toEqual([]);
    expect(
      asked
        .filter((path) => path.startsWith('/v2/models/lagged-sine/'))
        .map((path) => path.split('/').at(-1)),
    ).toEqual(['onda.json', 'model.onnx', 'generator.onnx']);
    const rows = await readTable(page);
    const net = rows.filter(({ part }) => part === 'net').map((row) => row.net);
    const prompt = Array.from({ length: 20 }, (_, index) => Math.sin((index * Math.PI) / 20));
    const expected = await generateInNode(prompt, 200);
    expected.forEach((value, index) => {
      expect(Math.abs(net[index] - value)).toBeLessThan(DRAWN_ATOL);
    });
    await page.context().close();
  });
});
