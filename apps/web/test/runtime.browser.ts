import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { createWorkerRuntime } from '@onda/runtime-web';
import type { Runtime, RuntimeTensor } from '@onda/runtime';
import { describeRuntime } from '@onda/runtime/testing';
import { workerInBrowser } from './browserPort.ts';
import { canTestInBrowser, launchChromium, openPage } from './chromium.ts';
import { exampleFile, runInNode } from './nodeRuntime.ts';
import { serveSite } from './staticServer.ts';
import type { StaticSite } from './staticServer.ts';

/** float32, two builds of one library: the bound of the contract for two ways to compute one value. */
const BROWSER_ATOL = 1e-5;

describe.skipIf(!canTestInBrowser())('the inference worker in Chromium', () => {
  let site: StaticSite;
  let browser: Browser;
  let page: Page;
  let runtime: Runtime;

  const start = async (): Promise<Runtime> => {
    site = await serveSite({
      'empty.html': '<!doctype html><title>empty</title><link rel="icon" href="data:,">',
    });
    browser = await launchChromium();
    ({ page } = await openPage(browser));
    await page.goto(`${site.url}empty.html`);
    return createWorkerRuntime(await workerInBrowser(page));
  };
  const stop = async (): Promise<void> => {
    await browser.close();
    await site.close();
  };

  describeRuntime({
    name: "onnxruntime-web, the page's worker in Chromium",
    createRuntime: start,
    closeRuntime: stop,
    loadFixture: exampleFile,
  });

  describe('against onnxruntime-node', () => {
    beforeAll(async () => {
      runtime = await start();
    });
    afterAll(stop);

    const cases = [1, 3].flatMap((batch) => [1, 7, 20].map((time) => ({ batch, time })));

    it.each(cases)(
      'model.onnx gives the same values for batch $batch and time $time',
      async ({ batch, time }) => {
        await expectSame(runtime, 'model.onnx', feeds(batch, time));
      },
    );

    it.each(cases)(
      'generator.onnx gives the same 200 for batch $batch and time $time',
      async ({ batch, time }) => {
        const samples: RuntimeTensor = { type: 'int64', dims: [1], data: BigInt64Array.of(200n) };
        await expectSame(runtime, 'generator.onnx', { ...feeds(batch, time), samples });
      },
    );
  });
});

/** Sines with a different phase in each row, and a nonzero state. */
function feeds(batch: number, time: number): Record<string, RuntimeTensor> {
  const x = Float32Array.from({ length: batch * time }, (_, index) =>
    Math.sin(index * 0.157 + Math.floor(index / time)),
  );
  const state = Float32Array.from({ length: batch * 32 }, (_, index) => 0.3 * Math.sin(index));
  return {
    x: { type: 'float32', dims: [batch, time, 1], data: x },
    state_in: { type: 'float32', dims: [batch, 32], data: state },
  };
}

async function expectSame(
  runtime: Runtime,
  file: string,
  inputs: Record<string, RuntimeTensor>,
): Promise<void> {
  const session = await runtime.createSession(await exampleFile(file));
  const actual = await session.run(inputs);
  const expected = await runInNode(file, inputs);
  expect(Object.keys(actual).sort()).toEqual(['state_out', 'y']);
  for (const [name, values] of Object.entries(expected)) {
    expect(actual[name].data).toHaveLength(values.length);
    const worst = values.reduce(
      (most, value, index) => Math.max(most, Math.abs(value - Number(actual[name].data[index]))),
      0,
    );
    expect(worst).toBeLessThanOrEqual(BROWSER_ATOL);
  }
  await session.release();
}
