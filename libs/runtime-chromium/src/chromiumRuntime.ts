import { ModelError } from '@onda/contract';
import { checkFeeds, checkFetches, checkModelBytes, loadError, releasedError } from '@onda/runtime';
import type { Runtime, Session } from '@onda/runtime';
import type { Page } from 'playwright-core';
import { launchChromium } from './launchChromium.ts';
import { callPage, fromPage, pageVersion, toPage } from './pageCalls.ts';
import type { PageServer } from './pageServer.ts';
import { servePage } from './pageServer.ts';

/** A runtime whose sessions live in one page of a browser of its own. */
export interface ChromiumRuntime extends Runtime {
  /** Ends the browser and the page's server. */
  close(): Promise<void>;
}

/**
 * Runs models by onnxruntime-web's WebAssembly build in a real Chromium: what a user's browser computes, asked for from Node. For
 * tests and verification; each call goes through the browser's debugging connection.
 *
 * @throws MissingError where there is no Chromium that starts
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
          `model: expected a run to succeed, got "${answer.error}"; check the tensors that were fed`,
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
