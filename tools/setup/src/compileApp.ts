import { existsSync, readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { dirname, extname, join, relative, resolve } from 'node:path';
import type { Plugin, PluginBuild } from 'esbuild';
import type { Context } from './context.mjs';
import { messageOf, SetupError } from './context.mjs';
import { ensureProgram } from './programCache.mjs';

/** What a compiled app needs beside its program. */
export interface AppDependencies {
  /** Names of packages, sorted. */
  packages: string[];
  /** Absolute paths of files and folders of the workspace that the sources name relative to themselves. */
  files: string[];
}

/** The packages that are compiled into a program, because finding and reading their many files takes longer than running them. */
const bundled = [
  '@fastify/cors',
  '@fastify/helmet',
  '@fastify/static',
  '@fastify/swagger',
  '@fastify/under-pressure',
  '@grpc/grpc-js',
  '@grpc/proto-loader',
  'commander',
  'fastify',
  'fastify-type-provider-zod',
  'ioredis',
  'onnx-proto',
  'pino',
  'prom-client',
  'protobufjs',
  'yaml',
  'zod',
];

/**
 * The command line of an app as JavaScript, compiled once for each state of its sources and of the libraries.
 *
 * @param app a folder of apps/
 * @returns path of the program
 * @throws SetupError with the compiler's message
 */
export function ensureCompiledApp(context: Context, app: string): Promise<string> {
  const { root } = context;
  const libs = join(root, 'libs');
  const sources = [
    join(root, 'apps', app, 'src'),
    ...readdirSync(libs).map((name) => join(libs, name, 'src')),
    join(root, 'tools', 'setup', 'src', 'compileApp.ts'),
  ];
  return ensureProgram(context, app, sources, async (folder, target) => {
    await compileApp(root, app, folder, target);
  });
}

/**
 * Compiles the command line of an app, and the worker thread of its runtime, into a folder.
 *
 * @param folder where the files are written
 * @param target where the folder will be in the workspace; the program finds its other files relative to itself
 * @throws SetupError with the compiler's message
 */
export async function compileApp(
  root: string,
  app: string,
  folder: string,
  target: string,
): Promise<AppDependencies> {
  const { build } = await import('esbuild');
  const files = new Set<string>();
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: {
      cli: join(root, 'apps', app, 'src', 'cli.ts'),
      sessionWorker: join(root, 'libs', 'runtime-node', 'src', 'sessionWorker.ts'),
    },
    outdir: target,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // A module that a command imports dynamically stays a separate file.
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    sourcemap: 'linked',
    logLevel: 'silent',
    // No conditions of esbuild's own: packages resolve as in Node.
    conditions: [],
    banner: { js: requireBanner },
    plugins: [externalPackages, sourceLocations(target, files)],
    metafile: true,
    write: false,
  }).catch((error: unknown) => {
    throw new SetupError(`${app}: the sources do not compile (${messageOf(error)}); correct them.`);
  });
  await Promise.all(
    outputFiles.map(({ path, contents }) => writeFile(join(folder, relative(target, path)), contents)),
  );
  const packages = Object.values(metafile.outputs)
    .flatMap(({ imports }) => imports)
    .filter(({ path, external }) => external === true && !isBuiltin(path) && !path.startsWith('.'))
    .map(({ path }) => path.split('/', path.startsWith('@') ? 2 : 1).join('/'));
  return { packages: [...new Set(packages)].sort(), files: [...files].sort() };
}

/**
 * Sources find files relative to themselves (`import.meta.url`). In the program the location of a source is computed from the location of
 * the program, so the program and the files can be moved together. The worker thread is a part of the program.
 *
 * @param target where the program will be in the workspace
 * @param files  receives the files that the sources name
 */
function sourceLocations(target: string, files: Set<string>): Plugin {
  return {
    name: 'source locations',
    setup(own) {
      own.onLoad({ filter: /[\\/](apps|libs)[\\/].*\.ts$/ }, async ({ path }) => {
        const text = await readFile(path, 'utf8');
        if (!text.includes('import.meta.')) return undefined;
        for (const [, file = ''] of text.matchAll(namedFile)) {
          const named = resolve(dirname(path), file);
          const isData = !/\.m?[jt]s$/.test(named) && !named.includes('node_modules');
          if (isData && existsSync(named)) files.add(named);
        }
        const source = relative(target, path).replaceAll('\\', '/');
        const contents = text.replaceAll(location, (expression) => {
          if (expression === 'import.meta.url')
            return `new URL(${JSON.stringify(source)}, import.meta.url).href`;
          if (expression === 'import.meta.dirname')
            return `(import.meta.dirname + ${JSON.stringify(`/${dirname(source)}`)})`;
          return "new URL('./sessionWorker.mjs', import.meta.url)";
        });
        return { contents, loader: 'ts' };
      });
    },
  };
}

/** `new URL('FILE', import.meta.url)` and `createRequire(import.meta.url)('./FILE')`. */
const namedFile =
  /(?:new URL\(\s*|createRequire\(import\.meta\.url\)\(\s*)'(\.[^']+)'(?=,\s*import\.meta\.url|\s*\))/g;

const location = /new URL\('\.\/sessionWorkerStart\.mjs', import\.meta\.url\)|import\.meta\.(?:url|dirname)/g;

const namespace = 'required package';

/** Marks resolve calls of the plugin itself. */
const ownCall = {};

/**
 * Leaves packages outside the program unless they are in `bundled` or a bundled package needs them. A CommonJS package is loaded with
 * `require`: for an `import` Node parses all its files once more to find their exports, 0.3 seconds for TensorFlow.js and ONNX Runtime.
 */
const externalPackages: Plugin = {
  name: 'external packages',
  setup(own) {
    own.onResolve({ filter: /^[^./]/ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
      if (pluginData === ownCall || kind === 'entry-point' || isBundled(path, importer)) return undefined;
      // For a dynamic import esbuild would create a module without the named exports of the package.
      if (kind === 'import-statement' && (await isCommonJs(own, path, resolveDir)))
        return { path, namespace };
      return { path, external: true };
    });
    own.onLoad({ filter: /.*/, namespace }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
      loader: 'js',
    }));
  },
};

/** ES modules have no `require`. */
const requireBanner = `import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);`;

function isBundled(path: string, importer: string): boolean {
  const named = bundled.some((name) => path === name || path.startsWith(`${name}/`));
  return named || path.startsWith('@onda/') || /[\\/]node_modules[\\/]/.test(importer);
}

/** Whether `import` and `require` of a package resolve to the same CommonJS file. */
async function isCommonJs(own: PluginBuild, path: string, resolveDir: string): Promise<boolean> {
  const resolveAs = async (kind: 'import-statement' | 'require-call'): Promise<string> =>
    (await own.resolve(path, { kind, resolveDir, pluginData: ownCall })).path;
  const imported = await resolveAs('import-statement');
  if (imported !== (await resolveAs('require-call'))) return false;
  const type = extname(imported);
  return type === '.cjs' || (type === '.js' && !(await isInModulePackage(dirname(imported))));
}

/** Whether the nearest package.json declares .js files as ES modules. */
async function isInModulePackage(folder: string): Promise<boolean> {
  const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => null);
  if (text !== null) return (JSON.parse(text) as { type?: string }).type === 'module';
  return dirname(folder) !== folder && isInModulePackage(dirname(folder));
}
