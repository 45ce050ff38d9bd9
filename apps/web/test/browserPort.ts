import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import type { Port } from '@onda/runtime-web';
import { distFolder } from './staticServer.ts';

/** Encodes a message for `page.evaluate`: typed arrays and 64-bit integers as text. The source of this function also runs in the page. */
function pack(value: unknown): unknown {
  if (value instanceof Float32Array) return { float32: Array.from(value) };
  if (value instanceof BigInt64Array) return { int64: Array.from(value, String) };
  if (value instanceof Uint8Array) return { bytes: Array.from(value) };
  if (Array.isArray(value)) return value.map(pack);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, pack(part)]));
  }
  return value;
}

/** The inverse; the source of this function also runs in the page. */
function unpack(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unpack);
  if (typeof value !== 'object' || value === null) return value;
  if ('float32' in value) return Float32Array.from(value.float32 as number[]);
  if ('int64' in value) return BigInt64Array.from((value.int64 as string[]).map(BigInt));
  if ('bytes' in value) return Uint8Array.from(value.bytes as number[]);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, unpack(part)]));
}

/**
 * Starts the built page's own inference worker in a page of a real browser, and gives a port to it: a `createWorkerRuntime` here in
 * Node then runs there.
 */
export async function workerInBrowser(page: Page): Promise<Port> {
  const file = readdirSync(join(distFolder, 'assets')).find((name) => /^worker-.*\.js$/.test(name)) ?? '';
  const listeners: ((event: MessageEvent) => void)[] = [];
  await page.exposeFunction('toNode', (message: unknown) => {
    for (const listener of listeners) listener({ data: unpack(message) } as MessageEvent);
  });
  await page.addScriptTag({ content: `${pack.toString()}\n${unpack.toString()}` });
  await page.evaluate((address) => {
    const inPage = globalThis as unknown as {
      pack: (value: unknown) => unknown;
      unpack: (value: unknown) => unknown;
      toNode: (message: unknown) => void;
      toWorker: (message: unknown) => void;
    };
    const worker = new Worker(address, { type: 'module' });
    worker.addEventListener('message', (event) => {
      inPage.toNode(inPage.pack(event.data));
    });
    inPage.toWorker = (message) => {
      worker.postMessage(inPage.unpack(message));
    };
  }, `assets/${file}`);
  return {
    postMessage: (message) => {
      void page.evaluate((packed) => {
        (globalThis as unknown as { toWorker: (message: unknown) => void }).toWorker(packed);
      }, pack(message));
    },
    addEventListener: (type: string, listener: (event: MessageEvent & Event) => void) => {
      if (type === 'message') listeners.push(listener);
    },
  };
}
