import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';
import { addRoute } from '../addRoute.ts';
import { pageHeaders } from '../securityHeaders.ts';

/** Where `nx run web:build` puts the browser app. */
export const builtPage = fileURLToPath(new URL('../../../web/dist/', import.meta.url));

const notBuilt = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Onda</title>
<h1>Onda</h1>
<p>The service is running. The page is not built yet: build it with <code>npx nx run web:build</code> and start the service again.</p>
<p>Models: <a href="/v2/models">/v2/models</a></p>
</html>
`;

/** What lies beside the app and is not part of it: what type checking leaves, and the models of a page without a service. */
const notServed = ['**/*.tsbuildinfo', 'types/**', 'spec/**', 'models/**'];

/**
 * Serves the browser app at `/`. Its files are listed once at the start: a request's path is looked up among them.
 *
 * @param folder of the built app; without an index.html a small page says how to build it
 * @param paths  gets the paths of its files, which are no secret: a browser that opens a page has no token to send
 */
export async function addPage(app: FastifyInstance, folder: string, paths: Set<string>): Promise<void> {
  // By itself, so that what is added here holds for the page alone.
  await app.register(async (page) => {
    page.addHook('onRoute', ({ url, method }) => {
      if ([method].flat().includes('GET')) paths.add(url);
    });
    await page.register(helmet, pageHeaders);
    if (!existsSync(join(folder, 'index.html'))) {
      addRoute(page, 'GET', '/', (_request, reply) =>
        reply.header('content-type', 'text/html; charset=utf-8').send(notBuilt),
      );
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
