// @ts-check
import { readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { packagesOutside, requireBanner } from './requiredPackages.mjs';

/**
 * Packages that go into a program, with all that they need: to find and read their hundreds of files takes longer than to run them.
 * Others stay where they are, above all those that look for files beside their own.
 */
const taken = [
  '@fastify/helmet',
  '@fastify/static',
  '@grpc/proto-loader',
  'commander',
  'fastify',
  'ioredis',
  'onnx-proto',
  'pino',
  'prom-client',
  'protobufjs',
  'yaml',
  'zod',
];

/**
 * Compiles an app's command line, and the worker thread that its runtime starts, into a folder: our sources and most packages in a few
 * files.
 * @param {string} root
 * @param {string} app a folder of apps/
 * @param {string} folder
 * @returns {Promise<string[]>} the packages that are not in it, sorted
 */
export async function buildProgram(root, app, folder) {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: {
      cli: join(root, 'apps', app, 'src', 'cli.ts'),
      sessionWorker: join(root, 'libs', 'runtime-node', 'src', 'sessionWorker.ts'),
    },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // What a command loads only when it needs it stays a file of its own.
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    sourcemap: 'linked',
    logLevel: 'silent',
    // None of its own, so that packages are found as Node finds them.
    conditions: [],
    banner: { js: requireBanner },
    plugins: [packagesOutside(isInside), sourcePlaces],
    metafile: true,
  });
  const outside = Object.values(metafile.outputs)
    .flatMap(({ imports }) => imports)
    .filter(({ path, external }) => external === true && !isBuiltin(path) && !path.startsWith('.'))
    .map(({ path }) => path.split('/', path.startsWith('@') ? 2 : 1).join('/'));
  return [...new Set(outside)].sort();
}

/**
 * @param {string} path as it is imported
 * @param {string} importer the file that does
 */
function isInside(path, importer) {
  const isTaken = taken.some((name) => path === name || path.startsWith(`${name}/`));
  // What a package that is taken needs comes with it.
  return isTaken || path.startsWith('@onda/') || /[\\/]node_modules[\\/]/.test(importer);
}

const startOfWorker = "new URL('./sessionWorkerStart.mjs', import.meta.url)";

/**
 * A source that looks for a file beside it means its own place, not the program's; but the worker is part of the program.
 * @type {import('esbuild').Plugin}
 */
const sourcePlaces = {
  name: 'sources know their place',
  setup(own) {
    own.onLoad({ filter: /[\\/](apps|libs)[\\/].*\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      if (!text.includes('import.meta.')) return undefined;
      const contents = text
        .split(startOfWorker)
        .map((part) =>
          part
            .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
            .replaceAll('import.meta.dirname', JSON.stringify(dirname(path))),
        )
        .join("new URL('./sessionWorker.mjs', import.meta.url)");
      return { contents, loader: 'ts' };
    });
  },
};
