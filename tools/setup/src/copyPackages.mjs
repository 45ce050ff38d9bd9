// @ts-check
import { existsSync, readFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { fillFolderBeside } from './beside.mjs';
import { SetupError } from './setupError.mjs';

/**
 * Copies packages with all that they need to run out of a workspace's node_modules: npm itself can leave out what is for development
 * alone, but not what other workspaces need.
 * @param {string} root of the workspace
 * @param {readonly string[]} names
 * @param {string} folder becomes a node_modules
 */
export async function copyPackages(root, names, folder) {
  const modules = join(root, 'node_modules');
  const found = packagesFor(modules, names);
  await fillFolderBeside(folder, async (temporary) => {
    for (const path of found)
      await cp(path, join(temporary, relative(modules, path)), {
        recursive: true,
        filter: (file) => isWanted(relative(path, file).split(sep)),
      });
  });
}

/**
 * Packages that lie within another are found by themselves, and ONNX Runtime brings its library for every system (0.6 GB).
 * @param {readonly string[]} parts of a file's path in its package
 */
function isWanted(parts) {
  if (parts.includes('node_modules')) return false;
  const [bin, napi = '', platform = process.platform, arch = process.arch] = parts;
  if (bin !== 'bin' || !napi.startsWith('napi-v')) return true;
  return platform === process.platform && arch === process.arch;
}

/**
 * @param {string} modules
 * @param {readonly string[]} names
 * @returns {Set<string>} folders, each once
 */
function packagesFor(modules, names) {
  /** @type {Set<string>} */
  const found = new Set();
  /** @type {(name: string, from: string, needed: boolean) => void} */
  const add = (name, from, needed) => {
    const path = maybePackage(modules, name, from);
    if (path === undefined) {
      if (!needed) return;
      throw new SetupError(`build: the package ${name} is not in ${modules}; run npm ci and build again.`);
    }
    if (found.has(path)) return;
    found.add(path);
    const { dependencies, optionalDependencies, peerDependencies } = JSON.parse(
      readFileSync(join(path, 'package.json'), 'utf8'),
    );
    for (const other in dependencies) add(other, path, optionalDependencies?.[other] === undefined);
    for (const other in { ...optionalDependencies, ...peerDependencies }) add(other, path, false);
  };
  for (const name of names) add(name, modules, true);
  return found;
}

/**
 * Where Node finds a package that one in `from` asks for.
 * @param {string} modules as far as it looks
 * @param {string} name
 * @param {string} from
 * @returns {string | undefined}
 */
function maybePackage(modules, name, from) {
  for (let folder = from; folder.startsWith(modules); folder = dirname(folder)) {
    const path = folder === modules ? join(modules, name) : join(folder, 'node_modules', name);
    if (existsSync(join(path, 'package.json'))) return path;
  }
  return undefined;
}
