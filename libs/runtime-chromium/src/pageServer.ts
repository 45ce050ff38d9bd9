import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

/** The page on a free port of loopback, and files that it fetches. */
export interface PageServer {
  /** Address, with a slash at its end. */
  readonly url: string;
  /** Offers bytes once, at the path that is returned. */
  offer(bytes: Uint8Array): string;
  close(): Promise<void>;
}

const html =
  '<!doctype html><title>Onda</title><link rel="icon" href="data:,"><script type="module" src="inferencePage.mjs"></script>';

const types: Partial<Record<string, string>> = { '.mjs': 'text/javascript', '.wasm': 'application/wasm' };

/** Serves the page, onnxruntime-web's own files, and models that are offered; nothing else. */
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
