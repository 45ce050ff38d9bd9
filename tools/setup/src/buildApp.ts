import { existsSync, readFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { compileApp } from './compileApp.ts';
import type { Context } from './context.mjs';
import { SetupError } from './context.mjs';
import { fillFolderAtomic } from './files.mjs';
import { ensureWebBuild } from './webBuild.ts';

/**
 * Builds an app for a container image: the compiled `program`, `node_modules` with the packages that it needs, and the files that its
 * sources name (`proto`, the browser app). Nothing in the folder names the workspace, so the folder can be moved.
 *
 * @param options.app    a folder of apps/
 * @param options.folder relative to the folder where npm was called; default apps/APP/dist/image
 * @returns exit code
 */
export async function buildApp(
  context: Context,
  options: { app: string; folder: string | undefined; web: boolean },
): Promise<number> {
  const { root, env } = context;
  const { app, web } = options;
  if (!/^[a-z-]+$/.test(app) || !existsSync(join(root, 'apps', app, 'src', 'cli.ts')))
    throw new SetupError(
      `build: expected the name of an app with a command line (apps/NAME/src/cli.ts), got ${JSON.stringify(app)}.`,
    );
  if (web) await ensureWebBuild(context);
  const folder = options.folder
    ? resolve(env.INIT_CWD ?? '.', options.folder)
    : join(root, 'apps', app, 'dist', 'image');
  let packages: string[] = [];
  let files: string[] = [];
  await fillFolderAtomic(join(folder, 'program'), async (temporary) => {
    ({ packages, files } = await compileApp(root, app, temporary, join(root, 'program')));
  });
  await copyPackages(root, packages, join(folder, 'node_modules'));
  const webApp = join(root, 'apps', 'web', 'dist');
  for (const file of files)
    if (web || file !== webApp) await cp(file, join(folder, relative(root, file)), { recursive: true });
  return 0;
}

/**
 * Copies packages and their dependencies from the workspace's node_modules. npm can omit development dependencies, but not the packages
 * of other workspaces.
 *
 * @param folder becomes a node_modules
 * @throws SetupError for a package that is not installed
 */
export async function copyPackages(root: string, names: readonly string[], folder: string): Promise<void> {
  const modules = join(root, 'node_modules');
  const packages = withDependencies(modules, names);
  await fillFolderAtomic(folder, async (temporary) => {
    for (const path of packages)
      await cp(path, join(temporary, relative(modules, path)), {
        recursive: true,
        filter: (file) => isNeeded(relative(path, file).split(sep)),
      });
  });
}

/**
 * Nested packages are copied on their own, and of ONNX Runtime's libraries (0.6 GB) only those for this system are.
 *
 * @param parts the path of a file in its package
 */
function isNeeded(parts: readonly string[]): boolean {
  if (parts.includes('node_modules')) return false;
  const [bin, napi = '', platform = process.platform, arch = process.arch] = parts;
  if (bin !== 'bin' || !napi.startsWith('napi-v')) return true;
  return platform === process.platform && arch === process.arch;
}

interface Manifest {
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}

/** The folders of the packages and of all their dependencies. */
function withDependencies(modules: string, names: readonly string[]): Set<string> {
  const found = new Set<string>();
  const add = (name: string, from: string, required: boolean): void => {
    const path = maybePackage(modules, name, from);
    if (path === undefined) {
      if (!required) return;
      throw new SetupError(`build: the package ${name} is not in ${modules}; run npm ci and build again.`);
    }
    if (found.has(path)) return;
    found.add(path);
    const manifest = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as Manifest;
    const { dependencies, optionalDependencies, peerDependencies } = manifest;
    for (const other in dependencies) add(other, path, optionalDependencies?.[other] === undefined);
    for (const other in { ...optionalDependencies, ...peerDependencies }) add(other, path, false);
  };
  for (const name of names) add(name, modules, true);
  return found;
}

/** The folder where Node finds a package that is imported from `from`. */
function maybePackage(modules: string, name: string, from: string): string | undefined {
  for (let folder = from; folder.startsWith(modules); folder = dirname(folder)) {
    const path = folder === modules ? join(modules, name) : join(folder, 'node_modules', name);
    if (existsSync(join(path, 'package.json'))) return path;
  }
  return undefined;
}
