import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import type { Plugin, Rollup } from 'vite';

const examples = fileURLToPath(new URL('../../examples/models', import.meta.url));

/** A running Onda server whose models the development server shows: `ONDA_SERVICE=http://127.0.0.1:8000 npm run web`. */
const service = process.env['ONDA_SERVICE'];

/** The files of the example models, by their address below the page, and the list of them that the page reads first. */
function exampleFiles(): Map<string, string | Uint8Array> {
  const files = new Map<string, string | Uint8Array>();
  const models = readdirSync(examples).map((name) => {
    const version = Math.max(...readdirSync(join(examples, name)).map(Number).filter(Number.isInteger));
    const folder = join(examples, name, String(version));
    for (const file of readdirSync(folder)) {
      files.set(`models/${name}/${version}/${file}`, readFileSync(join(folder, file)));
    }
    return { name, version, ready: true, files: `models/${name}/${version}/` };
  });
  files.set('models/index.json', JSON.stringify({ models }, null, 2));
  return files;
}

/** Puts the example models next to the page, so that it works on any static host; the Onda server serves its own models. */
function exampleModels(): Plugin {
  return {
    name: 'onda-example-models',
    generateBundle() {
      for (const [fileName, source] of exampleFiles()) this.emitFile({ type: 'asset', fileName, source });
    },
    configureServer(server) {
      if (service !== undefined) return;
      const files = exampleFiles();
      server.middlewares.use((request, response, next) => {
        const found = files.get((request.url ?? '').replace(/^\/|\?.*$/g, ''));
        if (found === undefined) next();
        else response.end(found);
      });
    },
  };
}

/** Zod has text inside its annotation comments; Rollup warns about each. */
const quiet: NonNullable<Rollup.RollupOptions['onwarn']> = (warning, warn) => {
  if (warning.code !== 'INVALID_ANNOTATION') warn(warning);
};

export default defineConfig({
  // Relative addresses: the same build works at the Onda server's root and in any folder of a static host.
  base: './',
  plugins: [exampleModels()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 300,
    reportCompressedSize: false,
    rollupOptions: { onwarn: quiet },
  },
  worker: { format: 'es', rollupOptions: { onwarn: quiet } },
  // Prebundling would separate the runtime from its WebAssembly file.
  optimizeDeps: { exclude: ['onnxruntime-web'] },
  server: {
    host: '127.0.0.1',
    proxy: service === undefined ? {} : { '/v2': service, '/models': service },
  },
  preview: { host: '127.0.0.1' },
});
