import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { typedArrays } from '@onda/contract';
import type { RuntimeTensor, TensorInfo } from '@onda/runtime';
import { runtimeTensor } from '@onda/runtime';

/** A server of the inference page and its files, on a free port of the loopback interface. */
export interface PageServer {
  /** Base URL, with a trailing slash. */
  readonly url: string;
  /** Serves bytes once, at the returned path. */
  offer(bytes: Uint8Array): string;
  close(): Promise<void>;
}

const html =
  '<!doctype html><title>Onda</title><link rel="icon" href="data:,"><script type="module" src="inferencePage.mjs"></script>';

const types: Partial<Record<string, string>> = { '.mjs': 'text/javascript', '.wasm': 'application/wasm' };

/** Serves the page, the files of onnxruntime-web and the offered models. */
export async function servePage(): Promise<PageServer> {
  const runtimeFolder = path.dirname(createRequire(import.meta.url).resolve('onnxruntime-web/wasm'));
  const files: Readonly<Record<string, string>> = {
    '/inferencePage.mjs': path.join(import.meta.dirname, 'page/inferencePage.mjs'),
    ...Object.fromEntries(
      ['ort.wasm.min.mjs', 'ort-wasm-simd-threaded.mjs', 'ort-wasm-simd-threaded.wasm'].map((name) => [
        `/${name}`,
        path.join(runtimeFolder, name),
      ]),
    ),
  };
  const offered = new Map<string, Uint8Array>();
  let count = 0;

  const contentOf = async (address: string): Promise<Uint8Array | string | null> => {
    if (address === '/') return html;
    if (Object.hasOwn(files, address)) return readFile(files[address]);
    const bytes = offered.get(address);
    offered.delete(address);
    return bytes ?? null;
  };
  const server = createServer((request, response) => {
    const address = request.url ?? '/';
    void contentOf(address).then((content) => {
      response.statusCode = content === null ? 404 : 200;
      const type = address === '/' ? 'text/html; charset=utf-8' : types[path.extname(address)];
      response.setHeader('content-type', type ?? 'application/octet-stream');
      response.end(content ?? 'not found');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    offer(bytes) {
      const address = `/models/${++count}`;
      offered.set(address, bytes);
      return address;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A tensor in a call to the page. */
interface PageTensor {
  readonly type: string;
  readonly dims: number[];
  /** Bytes in base64; for type string the strings. */
  readonly values: string | string[];
}

type Answer<T> = { readonly value: T } | { readonly error: string };

interface InPage {
  onda?: {
    version: string;
    load(address: string): Promise<Answer<{ id: number; inputs: TensorInfo[]; outputs: TensorInfo[] }>>;
    run(call: {
      id: number;
      feeds: Record<string, PageTensor>;
      fetches: readonly string[];
    }): Promise<Answer<(PageTensor & { name: string })[]>>;
    release(id: number): Promise<Answer<undefined>>;
  };
}

type Calls = NonNullable<InPage['onda']>;

/** Calls a function of the page; errors are returned as values. */
export async function callPage<Name extends 'load' | 'run' | 'release'>(
  page: Page,
  name: Name,
  argument: Parameters<Calls[Name]>[0],
): Promise<Awaited<ReturnType<Calls[Name]>>> {
  const answer: unknown = await page.evaluate(
    ([called, given]) => {
      const { onda } = globalThis as unknown as { onda: Record<string, (value: unknown) => unknown> };
      return onda[called](given);
    },
    [name, argument] as const,
  );
  return answer as Awaited<ReturnType<Calls[Name]>>;
}

/** Waits until the page is ready and returns its version of onnxruntime-web. */
export async function pageVersion(page: Page): Promise<string> {
  await page.waitForFunction(() => 'onda' in globalThis);
  return page.evaluate(() => (globalThis as InPage).onda?.version ?? 'of unknown version');
}

export function toPage({ type, dims, data }: RuntimeTensor): PageTensor {
  if (Array.isArray(data)) return { type, dims: [...dims], values: data };
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return { type, dims: [...dims], values: bytes.toString('base64') };
}

/** @throws ModelError for a type without a JavaScript array */
export function fromPage({ name, type, dims, values }: PageTensor & { name: string }): RuntimeTensor {
  if (typeof values !== 'string') return runtimeTensor(name, { type, dims, data: values });
  const { buffer } = Uint8Array.from(Buffer.from(values, 'base64'));
  // The constructors accept a buffer, not only the length of their declared type.
  const List = type in typedArrays ? typedArrays[type as keyof typeof typedArrays] : Uint8Array;
  return runtimeTensor(name, { type, dims, data: new List(buffer as unknown as number) });
}
