import { homedir } from 'node:os';
import path from 'node:path';

/**
 * Where things live that outlast node_modules: ONDA_CACHE, else the user's cache folder. The same as in tools/setup, which runs
 * before any package is there and so cannot share it.
 *
 * @returns an absolute path
 */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  if (env['ONDA_CACHE']) return path.resolve(env['ONDA_CACHE']);
  if (env['XDG_CACHE_HOME']) return path.resolve(env['XDG_CACHE_HOME'], 'onda');
  return path.join(homedir(), '.cache', 'onda');
}
