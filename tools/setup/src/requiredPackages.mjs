// @ts-check
import { readFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';

/** @typedef {import('esbuild').PluginBuild} PluginBuild */

const namespace = 'required package';

/** Marks our own questions to the resolver. */
const asking = {};

/**
 * Leaves packages where they are. One of CommonJS is asked for with `require`: an `import` of it makes Node read all its files another
 * time, to find out what they are and what they export; for TensorFlow.js and ONNX Runtime that took 0.3 seconds of a start.
 *
 * @param {(path: string, importer: string) => boolean} inside which packages go into the program
 * @returns {import('esbuild').Plugin}
 */
export function packagesOutside(inside) {
  return {
    name: 'packages stay where they are',
    setup(own) {
      own.onResolve({ filter: /^[^./]/ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
        if (pluginData === asking || kind === 'entry-point' || inside(path, importer)) return undefined;
        // Of a dynamic import esbuild would make a module without the package's names.
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
}

/** For modules that are no CommonJS, which have no `require` of their own. */
export const requireBanner = `import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);`;

/**
 * Whether `import` and `require` of a package give one and the same file of CommonJS.
 * @param {PluginBuild} own
 * @param {string} path
 * @param {string} resolveDir
 */
async function isCommonJs(own, path, resolveDir) {
  const [imported, required] = await Promise.all(
    /** @type {const} */ (['import-statement', 'require-call']).map(
      async (kind) => (await own.resolve(path, { kind, resolveDir, pluginData: asking })).path,
    ),
  );
  if (imported !== required) return false;
  const type = extname(imported);
  return type === '.cjs' || (type === '.js' && !(await isInModulePackage(dirname(imported))));
}

/**
 * What the nearest package.json makes of files that end with .js.
 * @param {string} folder
 * @returns {Promise<boolean>}
 */
async function isInModulePackage(folder) {
  const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => null);
  if (text !== null) return JSON.parse(text).type === 'module';
  return dirname(folder) !== folder && isInModulePackage(dirname(folder));
}
