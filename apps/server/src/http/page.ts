import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import helmet from '@fastify/helmet';
import type { FastifyHelmetOptions } from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';
import { addRoutes } from './addRoute.ts';

/** Where `nx run web:build` puts the browser app. */
export const builtPage = fileURLToPath(new URL('../../../web/dist/', import.meta.url));

const notBuilt = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Onda</title>
<h1>Onda</h1>
<p>The service is running. The page is not built yet: build it with <code>npx nx run web:build</code> and restart the service.</p>
<p>Models: <a href="/v2/models">/v2/models</a></p>
</html>
`;

/** Files of the folder that are not part of the app: output of type checking, and the models of a static site. */
const notServed = ['**/*.tsbuildinfo', 'types/**', 'spec/**', 'models/**'];

/**
 * Headers of the page and its files: no inline scripts, WebAssembly may be compiled, no resources from other origins, no embedding in them. The embedder
 * policy gives the page SharedArrayBuffer, which onnxruntime-web's threads need.
 */
const pageHeaders: FastifyHelmetOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'self'"],
      scriptSrc: ["'self'", "'wasm-unsafe-eval'"],
      workerSrc: ["'self'", 'blob:'],
      styleSrc: ["'self'", "'unsafe-inline'"],
      imgSrc: ["'self'", 'data:', 'blob:'],
      objectSrc: ["'none'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  crossOriginEmbedderPolicy: { policy: 'require-corp' },
  frameguard: { action: 'deny' },
  // The service speaks HTTP; a proxy that adds TLS sets this header.
  strictTransportSecurity: false,
};

/**
 * Serves the browser app at `/`. Its files are listed once, at the start; a request's path is looked up among them.
 *
 * @param folder of the built app; without an index.html a small page says how to build it
 * @param paths  receives the paths of the files, which are public: a browser sends no token when it opens a page
 */
export async function addPage(app: FastifyInstance, folder: string, paths: Set<string>): Promise<void> {
  // A separate scope, so that the hooks apply to the page only.
  await app.register(async (page) => {
    page.addHook('onRoute', ({ url, method }) => {
      if ([method].flat().includes('GET')) paths.add(url);
    });
    await page.register(helmet, pageHeaders);
    if (!existsSync(join(folder, 'index.html'))) {
      addRoutes(page, '/', {
        GET: {
          handler: (_request, reply) =>
            reply.header('content-type', 'text/html; charset=utf-8').send(notBuilt),
        },
      });
      return;
    }
    await page.register(import('@fastify/static'), {
      root: folder,
      wildcard: false,
      globIgnore: notServed,
      decorateReply: false,
    });
  });
}
