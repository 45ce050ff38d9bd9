import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { addRoute } from '../addRoute.ts';
import { pageHeaders } from '../securityHeaders.ts';
import { sendJson } from '../sendJson.ts';
import type { Service } from '../service.ts';

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
 */
export async function addPage(app: FastifyInstance, service: Service, folder: string): Promise<void> {
  addModelIndex(app, service);
  if (!existsSync(join(folder, 'index.html'))) {
    addRoute(app, 'GET', '/', (_request, reply) =>
      reply.headers(pageHeaders).header('content-type', 'text/html; charset=utf-8').send(notBuilt),
    );
    return;
  }
  await app.register(fastifyStatic, {
    root: folder,
    wildcard: false,
    globIgnore: notServed,
    decorateReply: false,
    setHeaders: (response) => {
      for (const [name, value] of Object.entries(pageHeaders)) response.setHeader(name, value);
    },
  });
}

/** `models/index.json` beside the page: which models it can load, and from where. A page without a service has it as a file. */
function addModelIndex(app: FastifyInstance, service: Service): void {
  const index = JSON.stringify({
    models: service.repository.served.map(({ name, version }) => ({
      name,
      version,
      ready: true,
      files: `v2/models/${encodeURIComponent(name)}/versions/${version}/files/`,
    })),
  });
  addRoute(app, 'GET', '/models/index.json', (_request, reply) => sendJson(reply, index));
}
