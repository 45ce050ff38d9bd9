// @ts-check
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the workspace. */
export const workspaceRoot = fileURLToPath(new URL('../../..', import.meta.url)).replace(/[\\/]$/, '');

/**
 * Where things live that outlast node_modules: ONDA_CACHE, else the user's cache folder.
 * @param {NodeJS.ProcessEnv} env
 * @returns {string} an absolute path
 */
export function cacheFolder(env) {
  if (env.ONDA_CACHE) return resolve(env.ONDA_CACHE);
  if (env.XDG_CACHE_HOME) return resolve(env.XDG_CACHE_HOME, 'onda');
  return join(homedir(), '.cache', 'onda');
}

/**
 * What the set-up writes for the programs: where TensorFlow, the addon and the kernels are.
 * Inside node_modules, so that it goes when the packages go.
 * @param {string} root
 */
export function recordPath(root) {
  return join(root, 'node_modules', '.onda', 'setup.json');
}
