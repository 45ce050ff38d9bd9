import type { Page } from 'playwright-core';
import { ModelError } from '@onda/contract';
import type { Runtime, Session } from '@onda/runtime';
import { checkFeeds, checkFetches, checkModelBytes, loadError, releasedError } from '@onda/runtime';
import { launchChromium } from './launchChromium.ts';
import type { PageServer } from './page.ts';
import { callPage, fromPage, pageVersion, servePage, toPage } from './page.ts';

/** A runtime whose sessions are in a page of its own browser. */
export interface ChromiumRuntime extends Runtime {
  /** Closes the browser and the page's server. */
  close(): Promise<void>;
}

/**
 * Runs models with onnxruntime-web's WebAssembly build in a real Chromium, controlled from Node through the debugging protocol. For tests
 * and verification.
 *
 * @throws MissingError if Chromium is missing or does not start
 */
export async function createChromiumRuntime(): Promise<ChromiumRuntime> {
  const browser = await launchChromium();
  let server: PageServer | undefined;
  const close = async (): Promise<void> => {
    await browser.close();
    await server?.close();
  };
  try {
    server = await servePage();
    const offer = server.offer.bind(server);
    const page = await browser.newPage();
    await page.goto(server.url);
    const version = await pageVersion(page);
    return {
      name: `onnxruntime-web ${version}, Chromium ${browser.version()}`,
      createSession: (model) => createPageSession(page, offer, model),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function createPageSession(
  page: Page,
  offer: PageServer['offer'],
  model: Uint8Array,
): Promise<Session> {
  checkModelBytes(model);
  const loaded = await callPage(page, 'load', offer(model));
  if ('error' in loaded) throw loadError(loaded.error);
  const { id, inputs, outputs } = loaded.value;
  let released = false;
  return {
    provider: 'wasm',
    inputs,
    outputs,
    async run(feeds, fetches = outputs.map(({ name }) => name)) {
      if (released) throw releasedError();
      checkFeeds(inputs, feeds);
      checkFetches(outputs, fetches);
      const packed = Object.entries(feeds).map(([name, tensor]) => [name, toPage(tensor)] as const);
      const answer = await callPage(page, 'run', { id, feeds: Object.fromEntries(packed), fetches });
      if ('error' in answer) {
        throw new ModelError(
          `model: expected a run to succeed, got "${answer.error}"; check the input tensors`,
        );
      }
      return Object.fromEntries(answer.value.map((result) => [result.name, fromPage(result)]));
    },
    async release() {
      if (released) return;
      released = true;
      await callPage(page, 'release', id);
    },
  };
}
