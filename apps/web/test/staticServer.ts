import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The built page. */
export const distFolder = fileURLToPath(new URL('../dist/', import.meta.url));

const types: Partial<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.csv': 'text/csv',
  '.wasm': 'application/wasm',
};

/** The built page on a free loopback port, as any static host serves it. */
export interface StaticSite {
  /** Address of the page, with a slash at its end. */
  url: string;
  close(): Promise<void>;
}

/**
 * @param overrides contents by path (`models/index.json`) instead of the built files; null: missing
 */
export async function serveSite(
  overrides: Readonly<Record<string, string | Uint8Array | null>> = {},
): Promise<StaticSite> {
  const server = createServer((request, response) => {
    const path =
      normalize(decodeURIComponent((request.url ?? '/').split('?')[0])).replace(/^\//, '') || 'index.html';
    void contentOf(path, overrides).then((content) => {
      response.statusCode = content === null ? 404 : 200;
      response.setHeader('content-type', types[extname(path)] ?? 'application/octet-stream');
      response.end(content ?? 'not found');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, close: () => closeServer(server) };
}

async function contentOf(
  path: string,
  overrides: Readonly<Record<string, string | Uint8Array | null>>,
): Promise<string | Uint8Array | null> {
  if (path in overrides) return overrides[path];
  if (path.split('/').includes('..')) return null;
  return readFile(join(distFolder, path)).catch(() => null);
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
