// @ts-check
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { passThrough } from './passThrough.mjs';
import { SetupError } from './setupError.mjs';

/** @typedef {import('./place.mjs').Place} Place */

/**
 * Runs a command of an app or tool from its TypeScript source, in the folder where npm was called.
 * @param {Place} place
 * @param {string} app a folder of apps/ or tools/
 * @param {readonly string[]} args the command and its arguments
 * @returns {Promise<number>} its exit code, unchanged
 */
export async function runApp(place, app, args) {
  const cli = ['apps', 'tools']
    .map((folder) => join(place.root, folder, app, 'src', 'cli.ts'))
    .find(existsSync);
  if (!/^[a-z-]+$/.test(app) || cli === undefined)
    throw new SetupError(
      `run: expected the name of an app or tool with a command line (apps/NAME/src/cli.ts), got ${JSON.stringify(app)}.`,
    );
  // By its full address: a bare name would be looked for from the folder where npm was called.
  const tsx = pathToFileURL(createRequire(join(place.root, 'package.json')).resolve('tsx')).href;
  return passThrough(process.execPath, ['--import', tsx, cli, ...args], {
    cwd: place.env.INIT_CWD ?? process.cwd(),
    env: {
      ...place.env,
      TSX_TSCONFIG_PATH: join(place.root, 'tsconfig.base.json'),
      TF_CPP_MIN_LOG_LEVEL: place.env.TF_CPP_MIN_LOG_LEVEL ?? '2',
    },
  });
}
